// Package frequency stands in for lists of common names, words and passwords, which every start of the CLI decodes and sorts for 0.04 s.
// `pulumi config set` alone looks into them, when it asks whether a value is a secret that should not be plain. Without the lists it takes
// a word for random characters, so it asks about more values and about none less.
package frequency

// List is a list of words by how common they are.
type List struct {
	Name string
	List []string
}

// Lists is empty.
var Lists map[string]List
