// Package preview puts a pull request's image into a slot for a while, and takes it out again. A slot is a Cloud Run service that the
// program made for this purpose (docs/adr/0037). This package changes only two things in it: the image, and which pull request has it.
package preview
