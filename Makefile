# Two commands on a fresh machine: `make run` and `make test`. Python 3.11+ is all they need.
PYTHON ?= python3
VENV := .venv
XST := $(VENV)/bin/xst
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
export XST_HOME ?= $(CURDIR)/var

.PHONY: run chat demo test slow live fuzz check laws browser lock clean

run: var/.built ## set up, build the library, serve the web chat
	$(XST) serve

chat: var/.built ## the terminal chat
	$(XST) chat

demo: var/.built ## the chat on a phone, through a simulated WeChat
	$(XST) sim demo

test: $(VENV)/.installed ## every test that needs no law texts, browser, real server or patience
	$(VENV)/bin/python -m pytest -m "not laws and not browser and not live and not slow"

slow: $(VENV)/.installed ## tests of ten seconds and more
	$(VENV)/bin/python -m pytest -m "slow and not laws and not browser and not live"

live: $(VENV)/.installed ## a real server, killed, doubled, and fed with nonsense
	$(VENV)/bin/python -m pytest -m live

fuzz: $(VENV)/.installed ## ten minutes of nonsense
	FUZZ_SECONDS=600 $(VENV)/bin/python -m pytest -m live tests/live/test_fuzz.py

laws: $(VENV)/.installed ## tests over the official texts: make laws XST_LAWS=FOLDER
	$(VENV)/bin/python -m pytest -m laws

browser: $(VENV)/.installed ## tests in a real Chromium
	$(VENV)/bin/python -m pytest -m browser

check: $(VENV)/.installed ## what must be right before a commit
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(XST) check
	$(VENV)/bin/python -m pytest -m "not laws and not browser and not live and not slow"

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

var/.built: $(VENV)/.installed bot/release.py $(shell find knowledge/content index/model -type f 2>/dev/null)
	$(XST) build
	mkdir -p var
	touch $@

lock: ## renew constraints.txt from a clean environment
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet torch==2.13.0
	build/lock/bin/pip install --quiet '.[dev]'
	(grep '^#' constraints.txt; build/lock/bin/pip freeze --exclude xieshangtong | sed 's/+cpu$$//') > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean:
	rm -rf $(VENV) var dist artifacts .pytest_cache .mypy_cache .ruff_cache
