// Package admission decides as Binary Authorization does whether an image may start: by the project's policy, and by
// signatures that it verifies itself. It is pure and shares no code with the release controller that signs.
package admission
