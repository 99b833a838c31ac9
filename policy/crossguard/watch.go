package crossguard

// Read is a property that a policy asks for, or a type that it names to a stack.
type Read struct {
	Policy string
	// Type is the type token, Steps the way to the property: keys as strings, indices as ints. A type alone has none.
	Type  string
	Path  string
	Steps []any
	// OfStack tells outputs from inputs.
	OfStack bool
}

// Watch tells a test what the policies ask for, whether it is there or not; calls may overlap.
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
