#!/usr/bin/env bash
# Everything that is done with this repository. Alone, it lists the commands.
# Each of them first installs what is missing, and is quick where nothing is.
set -eu

usage() {
    cat <<'END'
usage: ./do COMMAND

  demo                   build, then make a sample project, run it and look at the result
  test [PART [ARG...]]   all tests, or one part: unit, e2e, property, fault;
                         the arguments go to pytest (to meson test for unit)
  build                  the release build: build/ingot
  check                  formatting, include directions, links of the documentation, file sizes
  fmt                    formats the C sources
  bench [NAME]           the benchmarks, or one of them
  fuzz [SECONDS] [NAME]  runs the fuzzers of tests/fuzz, or one, each for so long (default: 60)
  dist                   dist/ingot-VERSION-linux-ARCH.tar.gz
  deps                   only installs what the others need
  clean                  removes what was built; --all also what was downloaded

environment:
  DUCKDB_DIR=/path       a directory with duckdb.h and libduckdb.so of DuckDB 1.5.5 to use
                         instead of the downloaded one
END
}

cd "$(dirname "$0")"
root=$PWD

if [ -n "${DUCKDB_DIR-}" ]; then
    DUCKDB_DIR=$(cd "$DUCKDB_DIR" && pwd)
    export DUCKDB_DIR
fi
duckdb=${DUCKDB_DIR:-$root/.deps/duckdb}

say() {
    echo "==> $*" >&2
}

run() { # COMMAND...  shows what it runs, as one would type it
    echo
    echo "\$ $*"
    "$@"
}

# ---- what the others need ----

# Functions that a test part calls end each step with its own `|| return`: there `set -e` does not act.

need_build() {
    tools/install-packages build || return
    tools/fetch-duckdb
}

# The Python packages of the tests, in .venv; made again when the list or the Python changes.
need_venv() {
    local python want
    python=$(tools/find-python) || return
    want="$root $("$python" --version) $(cksum <tests/requirements.txt)"
    if [ -f .venv/.made-from ] && [ "$(cat .venv/.made-from)" = "$want" ] && .venv/bin/python -c '' 2>/dev/null; then
        return
    fi
    say "the Python packages of the tests, into .venv"
    rm -rf .venv
    "$python" -m venv .venv || return
    .venv/bin/python -m pip install -q --disable-pip-version-check -r tests/requirements.txt || return
    echo "$want" >.venv/.made-from
}

need_tests() {
    need_venv || return
    tools/fetch-duckdb extensions
}

# Formatting must not depend on the distribution, so one version of clang-format decides.
clang_format_version=14.0.6
need_clang_format() {
    clang_format=clang-format
    if clang-format --version 2>/dev/null | grep -q "version 14\."; then
        return
    fi
    clang_format=$root/.deps/clang-format/bin/clang-format
    if [ ! -x "$clang_format" ]; then
        say "clang-format $clang_format_version, into .deps"
        "$(tools/find-python)" -m venv .deps/clang-format
        .deps/clang-format/bin/python -m pip install -q --disable-pip-version-check \
            "clang-format==$clang_format_version"
    fi
}

# ---- building ----

# Sets up DIR with these options if that was not done, or was done with others or elsewhere.
configure() { # DIR OPTION...
    local dir=$1 want
    shift
    want="$root $duckdb $*"
    if [ -f "$dir/build.ninja" ] && [ -f "$dir/.configured" ] && [ "$(cat "$dir/.configured")" = "$want" ]; then
        return
    fi
    if [ -f "$dir/.configured" ] && [ "$(cut -d' ' -f1 "$dir/.configured")" != "$root" ]; then
        rm -rf "$dir" # the source tree was copied or moved together with its build
    fi
    if [ -f "$dir/build.ninja" ]; then
        # Not `meson setup --reconfigure`: that passes over compiler and linker arguments.
        meson configure "$dir" "-Dduckdb_dir=$duckdb" "$@" >&2 || return
    else
        meson setup "$dir" "-Dduckdb_dir=$duckdb" "$@" >&2 || return
    fi
    echo "$want" >"$dir/.configured"
}

# The program looks for the library next to itself.
link_duckdb() { # DIR
    [ "$(readlink "$1/libduckdb.so" || true)" = "$duckdb/libduckdb.so" ] ||
        ln -sfn "$duckdb/libduckdb.so" "$1/libduckdb.so"
}

compile() { # DIR TARGET...
    local dir=$1
    shift
    meson compile -C "$dir" "$@" >&2 || return
    link_duckdb "$dir"
}

build_release() {
    configure build --buildtype=debugoptimized && compile build ingot:executable # -O2 -g
}

# The release build is the one whose warnings are errors: sanitizers make compilers see ghosts.
# libstdc++ is linked although nothing here is C++: the engine comes in later and throws exceptions, and the
# sanitizer can hook those only if the C++ run time is there when the program starts.
build_asan() {
    configure build-asan --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
        -Dwerror=false "-Dc_link_args=-Wl,--no-as-needed,-lstdc++,--as-needed" && compile build-asan ingot:executable
}

# ---- commands ----

do_deps() {
    need_build
    need_tests
}

do_build() {
    need_build
    build_release
}

do_demo() {
    do_build
    rm -rf build/demo
    run build/ingot init build/demo
    run build/ingot -C build/demo run
    run build/ingot -C build/demo plan
    run build/ingot -C build/demo show gold.daily_sales
    run build/ingot -C build/demo quarantine
}

# The engine's library is not instrumented: what it allocates on one side of the C API and frees on the
# other, and its own C++ run time, must not be taken for errors of ours.
sanitizer_options() {
    local asan=abort_on_error=0:detect_odr_violation=0:alloc_dealloc_mismatch=0:detect_container_overflow=0
    # Some containers forbid what the leak detector needs; a program that leaks nothing then fails.
    echo 'int main(void) { return 0; }' >build-asan/leak-probe.c
    if cc -fsanitize=address -o build-asan/leak-probe build-asan/leak-probe.c 2>/dev/null &&
        ASAN_OPTIONS=detect_leaks=1 build-asan/leak-probe 2>/dev/null; then
        asan=$asan:detect_leaks=1
    else
        say "leaks are not detected: the leak detector does not work on this machine"
        asan=$asan:detect_leaks=0
    fi
    export ASAN_OPTIONS="$asan${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
    export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
}

test_unit() { # ARG...
    local status=0
    need_venv || summary+=(--broken "unit: the packages of the tests could not be installed") # lake/readers reads with them
    say "unit tests, under AddressSanitizer and UndefinedBehaviorSanitizer"
    rm -f build-asan/meson-logs/testlog.json
    if ! build_asan; then
        summary+=(--broken "unit: the sanitizer build failed")
        return
    fi
    (
        sanitizer_options
        export INGOT_DUCKDB="$duckdb/libduckdb.so"
        meson test -C build-asan --print-errorlogs --timeout-multiplier 4 "$@" # builds the programs, too
    ) || status=$?
    # 1: some failed; more than 125: meson itself was ended, and its log may stop in the middle
    [ $status -lt 126 ] || summary+=(--broken "unit: meson test ended with status $status")
    summary+=(--unit build-asan/meson-logs/testlog.json)
}

test_programs() { # PART... -- ARG...
    local folders=() status=0
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        # A part that has no tests yet is not an error as long as something else runs.
        [ -z "$(find "tests/$1" -name 'test_*.py' 2>/dev/null)" ] || folders+=("tests/$1")
        shift
    done
    shift
    [ ${#folders[@]} -ne 0 ] || return 0
    say "the program itself: ${folders[*]}"
    if ! build_release; then
        summary+=(--broken "${folders[*]}: the release build failed")
        return
    fi
    if ! need_tests; then
        summary+=(--broken "${folders[*]}: the packages of the tests could not be installed")
        return
    fi
    rm -f build/pytest.xml
    .venv/bin/python -m pytest -q --junitxml=build/pytest.xml "${folders[@]}" "$@" || status=$?
    summary+=(--pytest build/pytest.xml)
    # 0: all passed, 1: some failed, 5: none was found; anything else means that pytest broke.
    case $status in
    0 | 1 | 5) ;;
    *) summary+=(--broken "pytest: exit status $status") ;;
    esac
}

# Each part is run in a condition's place, where `set -e` does not end the script: a failing part must not
# keep the others from running, and the summary comes at the end whatever happened.
do_test() {
    local part=${1-all}
    case $part in
    all | unit | e2e | property | fault) [ $# -eq 0 ] || shift ;;
    *)
        echo "./do test: there is no part '$part'; the parts are unit, e2e, property and fault" >&2
        return 2
        ;;
    esac
    summary=()
    if ! need_build; then
        summary+=(--broken "the packages or the engine that the build needs could not be installed")
        part=none
    fi
    case $part in
    none) ;;
    all)
        test_unit || summary+=(--broken "unit: ended early")
        test_programs e2e property fault -- "$@" || summary+=(--broken "pytest: ended early")
        ;;
    unit) test_unit "$@" || summary+=(--broken "unit: ended early") ;;
    *) test_programs "$part" -- "$@" || summary+=(--broken "pytest: ended early") ;;
    esac
    local python
    if ! python=$(tools/find-python); then
        echo "0 passed, 1 failed, 0 skipped"
        return 1
    fi
    "$python" tools/test-summary ${summary[@]+"${summary[@]}"}
}

c_sources() {
    find src tests bench -type f \( -name '*.c' -o -name '*.h' \) 2>/dev/null | sort
}

do_check() {
    local status=0 files file unformatted=0
    tools/install-packages build
    need_clang_format
    mapfile -t files < <(c_sources)
    say "formatting"
    for file in ${files[@]+"${files[@]}"}; do
        "$clang_format" "$file" | cmp -s - "$file" || {
            echo "$file: is not formatted"
            unformatted=1
        }
    done
    [ $unformatted -eq 0 ] || { echo "./do fmt puts that right"; status=1; }
    say "include directions"
    tools/check-includes || status=1
    say "links of the documentation"
    "$(tools/find-python)" tools/check-links || status=1
    say "file sizes"
    tools/check-sizes || status=1
    return $status
}

do_fmt() {
    local files
    need_clang_format
    mapfile -t files < <(c_sources)
    [ ${#files[@]} -eq 0 ] || "$clang_format" -i "${files[@]}"
}

do_bench() {
    if [ ! -x bench/run ]; then
        echo "there is no bench/run" >&2
        return 1
    fi
    do_build
    need_tests
    bench/run "$@"
}

do_fuzz() {
    local seconds=${1-60} only=${2-} status=0 found=0 source name libraries corpora
    need_build
    tools/install-packages fuzz
    CC=clang configure build-fuzz --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
        -Dwerror=false -Dc_args=-fsanitize=fuzzer-no-link
    compile build-fuzz ingot:static_library
    libraries=$("$(tools/find-python)" tools/link-arguments build-fuzz)
    for source in tests/fuzz/*.c; do
        name=$(basename "$source" .c)
        if [ ! -f "$source" ] || { [ -n "$only" ] && [ "$name" != "$only" ]; }; then continue; fi
        found=1
        say "fuzz $name, $seconds s"
        mkdir -p "build-fuzz/corpus/$name"
        corpora=("build-fuzz/corpus/$name") # what is found goes here; the seeds of the repository are only read
        [ ! -d "tests/fuzz/corpus/$name" ] || corpora+=("tests/fuzz/corpus/$name")
        # shellcheck disable=SC2086 # one word for each argument
        clang -g -O1 -std=gnu17 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -Isrc "-isystem$duckdb" \
            -o "build-fuzz/$name" "$source" build-fuzz/libingot.a $libraries
        ASAN_OPTIONS=detect_odr_violation=0:alloc_dealloc_mismatch=0 \
            INGOT_DUCKDB="$duckdb/libduckdb.so" "build-fuzz/$name" "-max_total_time=$seconds" -timeout=25 -rss_limit_mb=2048 \
            -print_final_stats=1 "-artifact_prefix=build-fuzz/$name-" \
            "${corpora[@]}" || status=1
    done
    if [ $found -eq 0 ]; then
        echo "there is no fuzzer ${only:+named $only }in tests/fuzz" >&2
        return 1
    fi
    return $status
}

do_dist() {
    local version arch name stage file
    do_build
    version=$(sed -n "s/^ *version: *'\([^']*\)'.*/\1/p" meson.build | head -n 1)
    arch=$(uname -m)
    name=ingot-$version-linux-$arch
    stage=build/$name
    rm -rf "$stage"
    mkdir -p "$stage/bin" "$stage/lib" "$stage/share/doc/ingot" dist
    cp build/ingot "$stage/bin/ingot"
    strip --strip-debug "$stage/bin/ingot"
    cp -L "$duckdb/libduckdb.so" "$stage/lib/libduckdb.so"
    cp LICENSE "$stage/"
    for file in README.md NEWS.md; do
        [ ! -f "$file" ] || cp "$file" "$stage/"
    done
    [ ! -f "$duckdb/LICENSE" ] || cp "$duckdb/LICENSE" "$stage/share/doc/ingot/LICENSE.duckdb"
    completion bash "$stage/share/bash-completion/completions" ingot
    completion zsh "$stage/share/zsh/site-functions" _ingot
    completion fish "$stage/share/fish/vendor_completions.d" ingot.fish
    tar czf "dist/$name.tar.gz" --sort=name --owner=0 --group=0 --numeric-owner -C build "$name"
    rm -rf "$stage"
    echo "dist/$name.tar.gz"
}

completion() { # SHELL DIR FILE
    local text
    if text=$(build/ingot completion "$1" 2>/dev/null) && [ -n "$text" ]; then
        mkdir -p "$2"
        printf '%s\n' "$text" >"$2/$3"
    fi
}

do_clean() {
    rm -rf build build-asan build-fuzz dist
    [ "${1-}" != --all ] || rm -rf .deps .venv
}

case ${1-} in
demo | test | build | check | fmt | bench | fuzz | dist | deps | clean)
    command=$1
    shift
    "do_$command" "$@"
    ;;
"" | help | -h | --help) usage ;;
*)
    echo "./do: there is no command '$1'" >&2
    usage >&2
    exit 2
    ;;
esac
