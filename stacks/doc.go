// Package stacks says what an environment is. It holds the types of the settings, reads them strictly from
// Pulumi.<stack>.yaml, refuses what Google Cloud or GitHub would refuse and what would be dangerous, and names the
// stack's outputs.
//
// Everything that is wrong is reported at once, before anything is made: [Parse] returns one [*Problems] with the path,
// the cause and the fix of each. A message names keys and paths, never a value of the document, so that a secret cannot
// appear in it even when it stands in the wrong place.
package stacks
