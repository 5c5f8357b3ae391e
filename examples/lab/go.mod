module github.com/ghostpair/ghostpair/examples/lab

go 1.26.0

require github.com/ghostpair/ghostpair v0.0.0

replace github.com/ghostpair/ghostpair => ../..
