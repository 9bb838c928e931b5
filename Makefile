# make run   starts the exercise and prints the address to open
# make test  checks everything
# The rest are longer campaigns and figures; see CONTRIBUTING.md.

GO ?= go
ARGS ?=
# What the tests need beside Go: a browser, a real X keyboard to type with, a C compiler for the race detector, pcscd with its virtual reader, and what reads photographs of zones, with the typeface to draw them in, and a PostgreSQL server, of which the tests start their own.
PROGRAMS = chromium Xvfb xdotool setxkbmap gcc /usr/sbin/pcscd /usr/lib/pcsc/drivers/serial/libifdvpcd.so tesseract $(or $(lastword $(wildcard /usr/lib/postgresql/*/bin/postgres)),postgres)
PACKAGES = chromium xvfb x11-xkb-utils xkb-data xdotool gcc libc6-dev pcscd vsmartcard-vpcd tesseract-ocr fonts-ocr-b postgresql
AXE = tmp/axe/package/axe.min.js
MODEL = tmp/model
APT = apt-get -o DPkg::Lock::Timeout=300

.PHONY: run build test tools check unit sim-transfer race race-post bench nation-bench fleet speed-signatures speed-passive eval shots fuzz mutate model fonts fuzz-booth

run: build
	./bin/marz demo $(ARGS)

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/marz ./cmd/marz

test: tools check unit
	$(MAKE) sim-transfer SEEDS=3000

# Installs what is missing, with Debian's package manager.
tools:
	@missing=; for p in $(PROGRAMS); do command -v $$p >/dev/null || [ -e $$p ] || missing="$$missing $$p"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "installing for the tests:$$missing"; \
	if [ "$$(id -u)" = 0 ]; then as=; elif command -v sudo >/dev/null; then as=sudo; \
	else echo "run as root once: $(APT) install $(PACKAGES)"; exit 1; fi; \
	$$as $(APT) update -qq && DEBIAN_FRONTEND=noninteractive $$as $(APT) install -y -qq $(PACKAGES)
	@if [ ! -f $(AXE) ] && command -v npm >/dev/null; then mkdir -p tmp/axe && cd tmp/axe && \
	npm pack --silent axe-core@4.14.1 && tar xzf axe-core-*.tgz; fi
	@[ -f $(AXE) ] || echo "no npm here: the accessibility test will be skipped"

check:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt these:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/marz ./cmd/marz

# Where many things run at once the race detector runs as well: the journal, the mirrors, and transfers of control on the real post. It makes all three times as slow: make race-post runs the tests under it in which the post's parts meet, make race all there are.
RACE = ./journal ./mirror ./passkey ./reader/station ./internal/handover
MEET = Racing|AtOnce|WhileItWaits|IsNotForgotten|Beside|Station|Booth|EndWithControl|CutOff
# The longest packages come first, so that the others run beside them. -p 2: two packages at once, so that the browser tests have a core each on a small machine.
LONG = ./web ./post ./internal/exercise ./watchlist
TEST = MARZ_AXE=$$(ls $(CURDIR)/$(AXE) 2>/dev/null) $(GO) test -p 2 -timeout 25m
unit:
	$(TEST) $(LONG) $$($(GO) list ./... | grep -vxF "$$($(GO) list $(LONG) $(RACE))")
	CGO_ENABLED=1 $(TEST) -race $(RACE)

race-post:
	CGO_ENABLED=1 $(TEST) -race ./post -run '$(MEET)'

# All tests under the race detector. Half an hour.
race:
	CGO_ENABLED=1 $(TEST) -timeout 60m -race ./...

# 10,000 transfers of control on the real node, from one seed each; make test does 3,000. The unit run above does 40 of them under the race detector.
# One that fails is printed with its seed: go test ./internal/handover -run 'Seeds$$' -v -seed N shows every step of it again.
SEEDS ?= 10000
sim-transfer:
	GOGC=400 $(GO) test ./internal/handover -run 'Seeds$$|SameEnd' -count 1 -v -timeout 30m -args -seeds $(SEEDS)

# Figures, each beside a reference in the same run. They print and judge nothing.
bench:
	$(GO) test ./journal -run xxx -bench Durable -benchtime 1x
	$(GO) test ./mrz ./verify ./internal/sim -run xxx -bench .
	$(GO) test ./post -run xxx -bench 'Lane|ScreenAgain' -benchtime 1x
	$(GO) test ./internal/handover -run xxx -bench LanesAtTheExecution -benchtime 1x # the lane's pause when control passes
	$(GO) test ./mirror ./mirror/pgstore -p 1 -run xxx -bench Backlog -benchtime 1x # a journal to its mirror, in SQLite and in PostgreSQL
	$(GO) test ./agreement -run xxx -bench 'May|Fold' -benchtime 3x # the register
	$(GO) test ./emrtd/pcsc -run xxx -bench Reading -benchtime 20x # a document through pcscd and vpcd
	MARZ_DATA=$${MARZ_DATA:-../shared/data} $(GO) test ./watchlist -run 'Every|Figures' -v

# The index of the nation with a year's crossings in PostgreSQL: its pages, people's histories, folding, the file of stays, exports. Half an hour, 10 GB of disk.
CROSSINGS ?= 20000000
nation-bench:
	$(GO) test ./hq/nation -run xxx -bench Nation -benchtime 1x -timeout 180m -args -crossings $(CROSSINGS) -entries 400000

# Signatures of documents a second on one core, beside what openssl speed says in the same run.
speed-signatures:
	$(GO) run ./internal/sigspeed

# Passive authentication of a document on one core, every curve and size of key, against as many authorities as the German master list has.
speed-passive:
	MARZ_DATA=$${MARZ_DATA:-../shared/data} $(GO) test ./emrtd -run xxx -bench Passive -benchtime 1x -timeout 30m

# What screening finds, hits falsely and costs, on public data and on lists as large as a nation's; kept in docs/SCREENING.md. Ten minutes, 3 GB of memory and of disk.
EVAL = $(GO) run ./internal/eval -data $${MARZ_DATA:-../shared/data}
eval:
	$(EVAL) -only quality -write docs/SCREENING.md
	$(EVAL) -only build
	$(EVAL) -only speed -write docs/SCREENING.md

# 10,000 wedge scans in each of 6 layouts, for each of 3 formats; make test does 1,000 in all. SEED repeats a run.
fuzz-booth:
	MARZ_SCANS=180000 MARZ_SEED=$(SEED) $(GO) test ./web -v -count=1 -run TestWedgeFuzz

# The subsets of Noto that pages bring with them, again from Debian's package.
fonts:
	internal/fonts.sh

# Screenshots of every page into tmp/shots, and the one of the README.
shots:
	mkdir -p tmp/shots
	MARZ_SHOTS=$(CURDIR)/tmp/shots $(GO) test ./post ./internal/exercise -run "Shots|Viewer|InTheBrowser|RegisterPages" -count 1

fuzz:
	for t in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z]+' $$t/*_test.go | cut -c6-); do \
	    $(GO) test $$t -run xxx -fuzz "^$$f$$" -fuzztime 60s -fuzzminimizetime 20x || exit 1; done; done

# One bit after the other in everything that a travel document is proven by (emrtd/mutate_test.go says the rule). Ten minutes.
FLIPS ?= 1000000
mutate:
	MARZ_DATA=$${MARZ_DATA:-../shared/data} $(GO) test ./emrtd -run Flips -count 1 -timeout 60m -args -flips $(FLIPS)

# The protocol of the transfer, exhaustively (docs/model): the laws hold under both rules of clocks, and what has to be possible is.
model:
	@if ! command -v spin >/dev/null || ! command -v gcc >/dev/null; then \
	$(MAKE) -s tools PROGRAMS="spin gcc" PACKAGES="spin gcc libc6-dev" AXE=Makefile; fi
	@docs/model/check.sh $(MODEL)

# A headquarters of two nodes on PostgreSQL and many posts with traffic, each on a machine of its own (a network namespace), with lines that are cut and nodes and a database that are killed; then every mirror is held to its journal byte for
# byte. As root. What befalls whom follows from the seed. Ten minutes for 50 posts and 5 minutes of faults.
POSTS ?= 50
MINUTES ?= 5
SEED ?= $(shell date +%s)
fleet: build
	@$(MAKE) -s tools PROGRAMS="ip tc setpriv $(lastword $(PROGRAMS))" PACKAGES="iproute2 util-linux postgresql" AXE=Makefile
	CGO_ENABLED=0 $(GO) build -o bin/fleet ./internal/fleet
	./bin/fleet -marz bin/marz -posts $(POSTS) -lasts $(MINUTES)m -seed $(SEED)
