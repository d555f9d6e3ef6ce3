#!/bin/bash
# Process 1 of a guest, in its own pid, mount and uts namespace. Its standard input is the power switch: the guest
# process holds the other end and keeps it open; when that closes, for whatever reason, the guest shuts down.
#   init.sh COMPUTER HOSTS RESOLV NSSWITCH
set -u
hostname "$1"
for pair in "$2:/etc/hosts" "$3:/etc/resolv.conf" "$4:/etc/nsswitch.conf"; do
  [ -e "${pair#*:}" ] && mount --bind "${pair%%:*}" "${pair#*:}"
done
# An order starts a helper: NAME ACCOUNT [TLS-POLICY-FILE]
while read -r name account policy; do
  (
    export USER=$account LOGNAME=$account
    [ -n "$policy" ] && export GNUTLS_SYSTEM_PRIORITY_FILE=$policy
    exec wine "C:\\lab\\bin\\$name.exe" </dev/null
  ) &
done
# Without the wait the end of the namespace could win the race, and the last changes of the registry would be lost.
wineserver -k15
wineserver -w
# Debian's wineserver keeps its sockets in a folder of /tmp that it notes here; the guest process may not be left to tidy.
if [ -s "$WINEPREFIX/wineserver" ]; then
  rm -rf "/tmp/$(basename "$(cat "$WINEPREFIX/wineserver")")" "$WINEPREFIX/wineserver"
fi
