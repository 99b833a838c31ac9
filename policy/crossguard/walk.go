package crossguard

// Text is a string somewhere within an object.
type Text struct {
	// Key is the key it has, or that of the list it is in. In is the key of the object that has it.
	Key, In string
	// Beside is the property "name" of the object that has it, and Before the string before it in a list: what --flag is to its
	// value. Both are "" where there is none.
	Beside, Before string
	// Value is the string; Secret says that it is marked as one, in which case it stays out of messages.
	Value  string
	Secret bool

	at *place
}

// Path is where it stands, for messages.
func (t Text) Path() string { return t.at.String() }

// EachText visits every string within, however deep, for rules about what may stand anywhere. What is not known yet is left
// out, and so are numbers and the engine's own bookkeeping.
func (o Object) EachText(visit func(Text)) { o.run.texts(o.value, o.at, Text{}, visit) }

func (r *run) texts(v *value, at *place, t Text, visit func(Text)) {
	members := v.members()
	if v.kind == kindObject {
		t.In, t.Beside = t.Key, v.property("name").text
		if v.property("name").kind != kindString {
			t.Beside = ""
		}
	}
	for i := range members {
		m := &members[i]
		if v.kind == kindObject && hidden(m.key) {
			continue
		}
		next, here := t, &place{at, "", i}
		if v.kind == kindObject {
			next.Key, next.Before, here = m.key, "", &place{at, appendStep("", step{key: m.key}), -1}
		}
		switch m.value.kind {
		case kindString:
			if m.value.secret {
				r.keepSecret(m.value.text)
			}
			next.Value, next.Secret, next.at = m.value.text, m.value.secret, here
			visit(next)
			t.Before = m.value.text
		case kindObject, kindList:
			r.texts(&m.value, here, next, visit)
		}
	}
}
