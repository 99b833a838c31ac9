// Package preview puts a pull request's image into a slot for a while, and takes it out again. A slot is a Cloud Run service that the
// program made for this (docs/adr/0037): of all that is in it, this package changes the image and whose it is.
package preview
