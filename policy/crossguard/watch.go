package crossguard

// Read is a property that a policy asks for, or a type that it asks a stack for.
type Read struct {
	// Policy is the policy's name. Type is the type token.
	Policy, Type string
	// Path is the path of the property, and Steps has its steps: a key is a string, an index an int. Both are empty if only the type
	// was named.
	Path  string
	Steps []any
	// OfStack is true for a read in a stack policy, which sees outputs, and false in Check, which sees inputs.
	OfStack bool
}

// Watch sets a function that receives every read of the policies, whether the property exists or not. Its calls may overlap.
// Tests use it.
func (s *Server) Watch(seen func(Read)) { s.watch = seen }

func (s *Server) watching(p *Policy, ofStack bool) func(typ, path string) {
	return func(typ, path string) {
		read := Read{Policy: p.Name, Type: typ, Path: path, OfStack: ofStack}
		for rest := path; rest != ""; {
			var one step
			one, rest = nextStep(rest)
			if one.inList {
				read.Steps = append(read.Steps, one.index)
			} else {
				read.Steps = append(read.Steps, one.key)
			}
		}
		s.watch(read)
	}
}
