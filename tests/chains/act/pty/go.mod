// What act takes for github.com/creack/pty: it opens no terminal.
module github.com/creack/pty

go 1.26.0
