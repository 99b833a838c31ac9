// Package admission decides, as Binary Authorization does, whether an image may start. It uses the project's policy, and verifies
// signatures itself. Its functions are pure. It shares no code with the release controller, which makes the signatures.
package admission
