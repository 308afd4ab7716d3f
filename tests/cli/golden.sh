#!/bin/bash
# SPDX-License-Identifier: MIT
# Command tests with exact expected output: each tests/cli/golden/NAME.case is a transcript,
#   $ COMMAND        run by bash in a directory of its own that holds sample.rna, and device.rna where
#                    NAME ends in -devices
#   | LINE           what it wrote to standard output
#   ! LINE           what it wrote to standard error
#   ? STATUS         its exit status, where it is not 0
# and is compared with the transcript of the run. Other lines (comments) are kept.
#
# After an intended change:  UPDATE=1 tests/run-cli build "$PWD"/tests/cli/golden.sh; git diff
set -u
export TZ=UTC LC_ALL=C.UTF-8 TERM=dumb
unset NO_COLOR
cases=$RN_TOP/tests/cli/golden

# Permission is asked as user nobody where the tests run as root, who may do everything.
cat >as-user <<'END'
#!/bin/sh
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
exec "$@"
END
printf '#!/bin/sh\nexec sed -E "s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/"\n' >without-uuid
chmod 755 as-user without-uuid
export PATH=$PWD:$PATH

run_command() {
    local status=0
    # The outer redirection is for this shell's own message about a command that was killed.
    { bash -c "$1" >"$scratch/out" 2>"$scratch/err" </dev/null; } 2>/dev/null || status=$?
    sed 's/^/| /' "$scratch/out"
    if [ -s "$scratch/out" ] && [ "$(tail -c 1 "$scratch/out" | wc -l)" = 0 ]; then
        printf '\n# (no newline at the end)\n'
    fi
    sed 's/^/! /' "$scratch/err"
    [ $status = 0 ] || echo "? $status"
}

transcript() {
    local line
    while IFS= read -r line; do
        case $line in
        '$ '*)
            printf '%s\n' "$line"
            run_command "${line#??}"
            ;;
        '|'* | '!'* | '?'* | '# (no newline at the end)') ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

scratch=$PWD
"$RN_SAMPLES/build_trace" sample.rna || exit 1
"$RN_SAMPLES/generate_device" -n 60 device.rna || exit 1
for case in "$cases"/*.case; do
    name=$(basename "$case" .case)
    mkdir "$name"
    cp sample.rna "$name"
    [[ $name != *-devices ]] || cp device.rna "$name"
    (cd "$name" && transcript <"$case") >"$name.out"
    [ "${UPDATE-}" != 1 ] || cp "$name.out" "$case"
    if diff -u "$case" "$name.out" >&2; then
        echo "ok - $name"
    else
        echo "not ok - $name"
    fi
done
