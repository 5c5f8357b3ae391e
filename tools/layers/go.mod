module github.com/ghostpair/ghostpair/tools/layers

go 1.26
