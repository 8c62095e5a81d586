# Lifeline 120. Two commands for a new user: `make demo` and `make test`. Each does all its set-up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
GO_SOURCES := $(shell find cmd internal web maps -name '*.go' -not -path '*/node_modules/*' 2>/dev/null)
WEB_SOURCES := $(shell find web/src web/public web/scripts web/*.html web/*.ts web/*.json -type f 2>/dev/null)
export CGO_ENABLED ?= 0
# The same for programs and tests, so that each package is compiled once.
export GOFLAGS ?= -trimpath

.PHONY: demo test build bench bench-screens gen lint go-test go-race go-fuzz web-test e2e pictures town kill clean

demo: build ## a working 120 centre on simulated devices; DEVICE=/dev/ttyUSB0 lets one agent read real hardware
	@exec bin/demo --fleet=40 $(if $(DEVICE),--device $(DEVICE)) $(DEMO_ARGS)

build: bin/dispatcher bin/vehicle-agent bin/demo

bin/%: $(GO_SOURCES) go.mod go.sum web/centre/dist/.built $(wildcard maps/demo/*) | need-build
	go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/$*

.PHONY: need-build
need-build:
	@scripts/need build

web/node_modules/.ready: web/package-lock.json | need-build
	cd web && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

web/centre/dist/.built: web/node_modules/.ready $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

test: ## everything CI runs
	@scripts/need build
	@scripts/need debian
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory web-test
	$(MAKE) --no-print-directory build
	$(MAKE) --no-print-directory go-test
	$(MAKE) --no-print-directory go-race
	$(MAKE) --no-print-directory e2e
	@echo "all tests passed"

lint: web/node_modules/.ready ## gofmt, vet, the house's rules; oxlint, prettier, types
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt these: $$out"; exit 1; fi
	go vet ./...
	go test -count=1 .
	cd web && npm run --silent check

go-test: ## all Go tests without cgo, fuzz seeds included
	go test -timeout 30m ./...

# What shares state between goroutines; the pure floors have none.
SHARED := agent dispatcher extract memlink mqttlink roadlive roadmake serialport simport simtown spool store store/mem webfeed

go-race: ## what shares state, again with the race detector
	CGO_ENABLED=1 go test -timeout 30m -race -short $(SHARED:%=./internal/%)

web-test: web/node_modules/.ready ## unit tests of the screens
	cd web && npm test --silent

e2e: build ## the story in a real browser
	cd web && npm run --silent e2e

go-fuzz: ## every fuzz target for FUZZTIME each
	scripts/fuzz $(or $(FUZZTIME),10s)

bench: build ## figures beside their raw cost
	scripts/bench

bench-screens: build ## what console and hospital cost a desk's computer, each beside the bare cost; SECONDS=60 each
	cd web && npm run --silent bench

bench-roads: ## travel times by road; MAPS="a.osm.pbf b.osm.pbf" for other cities, ROADBENCH="--tile 7" for larger ones
	go run ./cmd/roadbench $(ROADBENCH) $(MAPS)

town: ## the seeded town at 200 seeds; SEEDS=1000 for more
	LIFELINE_SEEDS=$(or $(SEEDS),200) go test -count=1 -timeout 120m -run 'Town' -v ./internal/simtown

kill: ## 100 kills of real processes; and torn, zeroed and flipped copies of spool and store
	LIFELINE_KILLS=100 go test -count=1 -timeout 60m -v -run 'Kill|Damage|BadPage|Flipped|Salvage|CutFile' ./internal/spool/... ./internal/store/... ./internal/simtown/...

gen: web/node_modules/.ready ## protobuf, the demo city and its map, OpenAPI and the screens' types; commit what changes
	cd internal/wire/proto && protoc --go_out=. --go_opt=paths=source_relative vehicle.proto
	go run ./cmd/drawcity
	go run ./cmd/dispatcher openapi > web/openapi.json
	cd web && npm run --silent gen

pictures: build ## screenshots for the documents
	mkdir -p docs/pictures
	cd web && PICTURES="$(CURDIR)/docs/pictures" npm run --silent pictures

clean:
	rm -rf bin data web/centre/dist web/onboard/dist
	git checkout -q -- web/centre/dist/.keep web/onboard/dist/.keep
