#!/usr/bin/env bash
# Is the app up, and are its doors shut? Usage: smoke.sh https://host [seconds]
set -euo pipefail
app=${1:?the address of the app}
patience=${2:-300}

status() { curl --silent --output /dev/null --write-out '%{http_code}' --max-time 30 "$@" || true; }

deadline=$((SECONDS + patience))
until health=$(status "$app/api/health"); [ "$health" = 200 ]; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "FAILED: /api/health answers $health, not 200"
    exit 1
  fi
  sleep 1
done
echo "/api/health: 200"

# Without a key nobody sees or starts anything; sign-in redirects instead.
for door in "GET /api/status" "POST /api/runs"; do
  answer=$(status --request "${door% *}" --header 'Content-Length: 0' "$app${door#* }")
  case $answer in
    401 | 403 | 302) echo "$door: $answer" ;;
    *)
      echo "FAILED: $door answers $answer to a stranger"
      exit 1
      ;;
  esac
done
