# The habits. Everything they do is in local/, run by the Node that package-lock.json pins.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STACK ?= local
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
vibecode = tsx local/cli.ts
jest = NODE_OPTIONS="--experimental-vm-modules --disable-warning=ExperimentalWarning" jest
ready = node_modules/.package-lock.json

$(ready): package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing; install Node 20 or later" >&2; exit 1; }
	@echo "Installing the Node packages of package-lock.json ..."
	@# Not `npm ci`: it refuses a lock file made where a registry holds no packages of other platforms.
	@npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: help up down destroy status logs shell password message secret retained purge preview diff test test-unit lint format schema bench hooks

help: ## Say what can be done
	@echo "Usage: make TARGET [STACK=local] [USER=name]"; echo
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

up: $(ready) ## Bring the platform up, or up to date; the first time builds every tool
	@$(vibecode) up --stack $(STACK)

down: $(ready) ## Stop all computing; the users' work stays
	@$(vibecode) down --stack $(STACK)

destroy: $(ready) ## Remove everything, the users' work included; asks first, FORCE=1 does not
	@$(vibecode) destroy --stack $(STACK) $(if $(FORCE),--force)

status: $(ready) ## Say what runs, and where
	@$(vibecode) status --stack $(STACK)

logs: $(ready) ## Show what the workspace of USER=name writes; FOLLOW=1 goes on
	@$(vibecode) logs --stack $(STACK) $(if $(FOLLOW),--follow) "$(if $(filter command line,$(origin USER)),$(USER))"

shell: $(ready) ## Open a shell in the workspace of USER=name
	@$(vibecode) shell --stack $(STACK) "$(if $(filter command line,$(origin USER)),$(USER))"

password: $(ready) ## Show the password of USER=name
	@$(vibecode) password --stack $(STACK) "$(if $(filter command line,$(origin USER)),$(USER))"

message: $(ready) ## Show the newest message that sign-in wrote: the link to a second factor
	@$(vibecode) message --stack $(STACK)

secret: $(ready) ## Keep the secret NAME=secretEnv.alice.TOKEN; REMOVE=1 takes it away, no NAME lists
	@$(vibecode) secret --stack $(STACK) $(if $(REMOVE),--remove) "$(if $(filter command line,$(origin NAME)),$(NAME))"

retained: $(ready) ## List what is kept of users who left: since when, and how big
	@$(vibecode) retained --stack $(STACK)

purge: $(ready) ## Remove for good what is kept of USER=name; asks first, FORCE=1 does not
	@$(vibecode) purge --stack $(STACK) $(if $(FORCE),--force) "$(if $(filter command line,$(origin USER)),$(USER))"

preview: $(ready) ## Show what `up` would change, and the policy's verdict; STATE=file, DETAIL=1, OFFLINE=1, LIVE=1, DRIFT=1
	@$(vibecode) preview --stack $(STACK) $(if $(STATE),--state "$(STATE)") $(if $(DETAIL),--detail) $(if $(OFFLINE),--offline) $(if $(LIVE),--live) $(if $(DRIFT),--drift)

diff: $(ready) ## Say in what the stacks A=staging and B=production differ, and why they may
	@$(vibecode) diff "$(A)" "$(B)"

test: lint ## Check everything, on a real cluster and in a real browser
	@$(MAKE) --no-print-directory test-unit
	@$(jest) --runInBand --selectProjects programs plugins cluster browser

test-unit: $(ready) ## Check what needs nothing else
	@$(jest) --selectProjects unit

lint: $(ready) ## Check types, rules and format
	@tsc --noEmit
	@eslint .
	@prettier --check --log-level warn .

format: $(ready) ## Format every file
	@prettier --write --log-level warn .

schema: $(ready) ## Write stacks/schema.json, which editors use, from infra/config.ts
	@tsx infra/write-schema.ts

bench: $(ready) ## Measure what docs/bench.md says
	@tsx test/bench/index.ts

hooks: $(ready) ## Let git check each commit
	@lefthook install
