package crossguard

// Text is a string anywhere in an object.
type Text struct {
	// Key is the string's key, or the key of the list that contains it. In is the key of the object that contains it.
	Key, In string
	// Name is the value of the property "name" in the same object, or else of "key" or "headerName". Before is the element before the
	// string in a list, such as --flag before its value. Each is "" if there is no such string.
	Name, Before string
	// Value is the string. Secret says that it is marked as a secret; then keep it out of messages.
	Value  string
	Secret bool

	at place
}

// Path returns the string's path, for messages.
func (t Text) Path() string { return t.at.String() }

// EachText visits every string in the object, at any depth. It is for rules about values that may stand anywhere. It skips
// unknown values, numbers, and the engine's own bookkeeping.
func (o Object) EachText(visit func(Text)) { o.run.texts(o.value, o.at, Text{}, visit) }

func (r *run) texts(v *value, at *place, t Text, visit func(Text)) {
	members := v.members()
	if v.kind == kindObject {
		t.In, t.Name = t.Key, ""
		for _, key := range []string{"name", "key", "headerName"} {
			if name := v.property(key); t.Name == "" && name.kind == kindString {
				t.Name = name.text
			}
		}
	}
	for i := range members {
		m := &members[i]
		if v.kind == kindObject && hidden(m.key) {
			continue
		}
		next, here := t, place{parent: at, index: i}
		if v.kind == kindObject {
			next.Key, next.Before, here = m.key, "", place{parent: at, path: m.key, unquoted: true, index: -1}
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
			within := here
			r.texts(&m.value, &within, next, visit)
		}
	}
}
