module github.com/ghostpair/ghostpair/examples/lab

go 1.26.0
