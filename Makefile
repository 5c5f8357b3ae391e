# make demo and make test need nothing but Go; make help lists the rest.
GO      ?= go
VERSION := $(shell cat VERSION)
LDFLAGS := -X github.com/prometheus/common/version.Version=$(VERSION)
FUZZTIME ?= 60s

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: build
build: ## bin/ghostpair
	$(GO) build -ldflags "$(LDFLAGS)" -o bin/ghostpair ./cmd/ghostpair

.PHONY: demo
demo: ## a week of an Envoy fleet on an embedded Prometheus, and what ghostpair finds in it
	cd examples/demo && $(GO) run .

.PHONY: test
test: ## all tests, those against the embedded Prometheus included
	$(GO) test ./...
	cd examples/demo && $(GO) test ./...
	cd tools/layers && $(GO) test ./...
	cd tools/dashboards && $(GO) test ./...

.PHONY: race
race: ## the tests of the product under the race detector
	$(GO) test -race -short ./...

.PHONY: layers
layers: ## the import rules between packages
	cd tools/layers && $(GO) build -o ../../bin/tools/layers .
	bin/tools/layers

.PHONY: lint
lint: ## gofumpt, vet, staticcheck, errorlint, revive
	tools/lint.sh

.PHONY: format
format: ## rewrite the sources as gofumpt wants them
	cd tools/gofumpt && $(GO) build -o ../../bin/tools/gofumpt mvdan.cc/gofumpt
	bin/tools/gofumpt -w .

.PHONY: vuln
vuln: ## known vulnerabilities (needs the network)
	cd tools/govulncheck && $(GO) build -o ../../bin/tools/govulncheck golang.org/x/vuln/cmd/govulncheck
	bin/tools/govulncheck ./...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME
	tools/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## backfill against a bare drain and the JSON path, on one generated data set
	cd examples/bench && $(GO) run .

.PHONY: microbench
microbench: ## Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: golden
golden: ## rewrite the golden files
	$(GO) test ./alert ./chart ./cmd/... ./config ./diagnosis ./report -update
	cd tools/dashboards && $(GO) run . ../../examples/dashboards

.PHONY: dist
dist: ## archives of a release, in dist/
	tools/dist.sh

.PHONY: calibration
calibration: ## the long simulations: false alarms and power
	GHOSTPAIR_LONG=1 $(GO) test -count=1 -timeout 12h -run 'FalseAlarms|Power' -v ./detector ./simulate/power ./cmd/ghostpair

.PHONY: lab
lab: ## real Envoys, Prometheus and Alertmanager, with SYNs dropped in silence and what looks like it (about seven minutes)
	cd examples/lab && $(GO) test -count=1 -p 1 -timeout 20m -v ./...

.PHONY: lab-full
lab-full: ## the same, until all that looks like it is paired as well (about ten minutes)
	cd examples/lab && LAB=full $(GO) test -count=1 -p 1 -timeout 30m -v ./...

.PHONY: check
check: build layers lint test race lab ## what CI runs
	git diff --exit-code
