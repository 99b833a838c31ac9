// Package stacks defines an environment. It holds the types of the settings and names the stack's outputs. It reads the
// settings strictly from Pulumi.<stack>.yaml, and refuses values that Google Cloud or GitHub would refuse or that would
// be dangerous.
//
// All problems are reported at once, before anything is made: [Parse] returns one [*Problems] with the path, the cause
// and the fix of each. A message names keys and paths, and never a value of the document. So a secret cannot appear in
// a message, even if it is in the wrong place.
package stacks
