package crossguard

import (
	"encoding/base64"
	"strconv"
)

// A value arrives as google.protobuf.Value. Pulumi encodes further kinds in it. Secrets, output values, byte strings and resource
// references are objects with the key signatureKey; unknown values are one of seven fixed strings. The constants below repeat
// those of pulumi/sdk go/common/resource/sig and go/common/resource/plugin/rpc.go. Importing them would bring some fifty modules
// to every machine that compiles the pack.
const (
	signatureKey       = "4dabf18193072939515e22adb298388d"
	secretSignature    = "1b47061264138c4ac30d75fd1eb44270"
	outputSignature    = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
	bytesSignature     = "803fd3297a5875dc03ca845dda5d2a98"
	referenceSignature = "5cf8f73096256a8f31e491e813e4eb8e"
)

// These are the field numbers of google.protobuf.Value, Struct, its map entry, and ListValue.
const (
	valueNull, valueNumber, valueString, valueBool, valueStruct, valueList = 1, 2, 3, 4, 5, 6

	structFields = 1
	entryKey     = 1
	entryValue   = 2
	listValues   = 1
)

type kind uint8

const (
	kindNull kind = iota
	kindUnknown
	kindBool
	kindNumber
	kindString
	kindObject
	kindList
)

var kindNames = map[kind]string{
	kindNull: "null", kindUnknown: "unknown", kindBool: "true or false", kindNumber: "a number", kindString: "a string",
	kindObject: "an object", kindList: "a list",
}

// value is a property without its wrappings, such as a secret's. An object or a list is parsed when a rule first looks into it;
// all policies that check the resource share the result.
type value struct {
	kind   kind
	secret bool // the value itself or an object or list around it
	truth  bool
	apart  bool
	// blind says that the engine may have redacted secrets in the value. The string "[secret]" then counts as unknown.
	blind  bool
	number float64
	// text holds a string's characters, an object's Struct message, or a list's ListValue message.
	text   string
	inside []member // properties or elements, once they are parsed
}

// asText returns a string, a number or a bool as text, and whether the value is one of them.
func (v *value) asText() (s string, is bool) {
	switch v.kind {
	case kindString:
		return v.text, true
	case kindNumber:
		return strconv.FormatFloat(v.number, 'f', -1, 64), true
	case kindBool:
		return strconv.FormatBool(v.truth), true
	}
	return "", false
}

// member is a property of an object or an element of a list.
type member struct {
	key   string
	value value
}

// absent stands for every absent value. It is never written to.
var absent value

// redacted is the string that pulumi policy analyze sends in place of a secret that it cannot decrypt, whatever the secret's
// type. In an update the string is an ordinary value. Otherwise a program could write it, and the value would count as unknown.
// An analysis differs from an update in that it names no stack.
const redacted = "[secret]"

const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// isUnknown reports whether s is one of the strings that the engine sends in place of an unknown value.
func isUnknown(s string) bool {
	if len(s) != 36 { // all seven are UUIDs, so the length rules out most strings
		return false
	}
	switch s {
	case "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
		"3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
		unknownString,
		"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
		"030794c1-ac77-496b-92df-f27374a8bd58", // asset
		"e48ece36-62e2-4504-bad9-02848725956a", // archive
		"dd056dcd-154b-4c76-9bd3-c8f88648b5ff": // object
		return true
	}
	return false
}

// parseValue reads one google.protobuf.Value message. It unwraps secrets, outputs, byte strings and references.
func parseValue(message string) value {
	v := rawValue(message)
	secret := false
	for v.kind == kindObject {
		signature, signed := stringMember(v.text, signatureKey)
		if !signed {
			break
		}
		inner, has := find(v.text, "value")
		switch signature {
		case secretSignature, outputSignature:
			if signature == secretSignature || memberIsTrue(v.text, "secret") {
				secret = true
			}
			if !has {
				v = value{kind: kindUnknown}
			} else {
				v = rawValue(inner)
			}
			continue
		case bytesSignature:
			decoded, err := base64.StdEncoding.DecodeString(rawValue(inner).text)
			if err != nil {
				return value{kind: kindObject, text: v.text, secret: secret} // not readable as a string: a value of a wrong type
			}
			return value{kind: kindString, text: string(decoded), secret: secret}
		case referenceSignature:
			v = referencedValue(v.text)
		}
		break
	}
	v.secret = v.secret || secret
	return v
}

// referencedValue returns the value of a reference to a resource: the resource's id, or its URN if it has no id.
func referencedValue(object string) value {
	if id, has := find(object, "id"); has {
		v := parseValue(id)
		if v.kind == kindString && v.text == "" {
			return value{kind: kindUnknown} // the SDKs write an id that is not known yet as ""
		}
		return v
	}
	urn, _ := stringMember(object, "urn")
	return value{kind: kindString, text: urn}
}

func rawValue(message string) value {
	f, _, ok := nextField(message)
	if !ok {
		return value{}
	}
	switch {
	case f.number == valueNumber && f.wire == wireI64:
		return value{kind: kindNumber, number: float(f.bits)}
	case f.number == valueBool && f.wire == wireVarint:
		return value{kind: kindBool, truth: f.bits != 0}
	case f.wire != wireBytes:
		return value{}
	case f.number == valueString:
		if isUnknown(f.bytes) {
			return value{kind: kindUnknown}
		}
		return value{kind: kindString, text: f.bytes}
	case f.number == valueStruct:
		return value{kind: kindObject, text: f.bytes}
	case f.number == valueList:
		return value{kind: kindList, text: f.bytes}
	}
	return value{}
}

// members returns an object's properties or a list's elements.
func (v *value) members() []member {
	if v.apart || v.kind != kindObject && v.kind != kindList {
		return v.inside
	}
	number := structFields
	if v.kind == kindList {
		number = listValues
	}
	count := 0
	for range fields(v.text) {
		count++
	}
	v.apart, v.inside = true, make([]member, 0, count)
	for f := range fields(v.text) {
		if f.number != number || f.wire != wireBytes {
			continue
		}
		key, message := "", f.bytes
		if v.kind == kindObject {
			key, message = entry(f.bytes)
		}
		v.inside = append(v.inside, member{key: key, value: parseValue(message)})
		inner := &v.inside[len(v.inside)-1].value
		inner.secret = inner.secret || v.secret
		inner.blind = v.blind
		if v.blind && inner.kind == kindString && inner.text == redacted {
			inner.kind, inner.secret = kindUnknown, true
		}
	}
	return v.inside
}

// property returns an object's property. If a key occurs twice, the last one counts, as protobuf defines.
func (v *value) property(key string) *value {
	members := v.members()
	for i := len(members) - 1; i >= 0; i-- {
		if members[i].key == key {
			return &members[i].value
		}
	}
	return &absent
}

// element returns an element of a list.
func (v *value) element(index int) *value {
	if members := v.members(); index < len(members) {
		return &members[index].value
	}
	return &absent
}

// find returns the Value message of a key in a Struct message that has not been parsed.
func find(object, key string) (message string, found bool) {
	for f := range fields(object) {
		if f.number != structFields || f.wire != wireBytes || !mayHaveKey(f.bytes, key) {
			continue
		}
		if k, v := entry(f.bytes); k == key {
			message, found = v, true
		}
	}
	return message, found
}

// mayHaveKey compares lengths before the entry is decoded, which rules out most other keys. Encoders write the length first.
func mayHaveKey(entry, key string) bool {
	const keyTag, oneByte = entryKey<<3 | wireBytes, 0x80
	return len(entry) < 2 || entry[0] != keyTag || entry[1] >= oneByte || int(entry[1]) == len(key)
}

// entry splits an entry of a Struct. Encoders write the key first.
func entry(message string) (key, val string) {
	for f := range fields(message) {
		switch {
		case f.wire != wireBytes:
		case f.number == entryKey:
			key = f.bytes
		case f.number == entryValue:
			val = f.bytes
		}
	}
	return key, val
}

func stringMember(object, key string) (string, bool) {
	v, found := find(object, key)
	if !found {
		return "", false
	}
	text := rawValue(v)
	return text.text, text.kind == kindString
}

func memberIsTrue(object, key string) bool {
	v, _ := find(object, key)
	return rawValue(v).truth
}

// hidden reports whether a key belongs to the bookkeeping of the engine, of a bridged provider or of a dynamic provider. Any
// other key that begins with __, such as a label, is the program's own, and rules have to see it.
func hidden(key string) bool {
	switch key {
	case signatureKey, "__defaults", "__meta", "__pulumi_raw_state_delta", "__provider", "__internal":
		return true
	}
	return false
}
