#!/usr/bin/env bash
# Before a deployment: refuses, by the names of variables, to take away what was deployed and is not given now. azd runs it before
# it provisions, the workflow before it deploys; by hand it stands before `az deployment sub create`.
# CUBE_TAKE_AWAY=true takes away what is not given.
set -euo pipefail
: "${AZURE_ENV_NAME:?is not set}"
group=${AZURE_RESOURCE_GROUP:-rg-$AZURE_ENV_NAME}

# The subscription of the deployment, which need not be the one that az takes by default; and on Windows az ends its lines with CR LF.
ask() { az "$@" ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} | tr --delete '\r'; }
there=$(ask group exists --name "$group")
if [ "$there" = false ]; then
  echo "$group is not there yet: nothing can be taken away"
  exit 0
fi

# What the platform sets, and what the template sets whatever is given or one variable stands for. Tests hold the list against the template.
known='^(AzureWebJobsStorage|CubeStorage)__|^(FUNCTIONS|WEBSITE|SCM|DEPLOYMENT|APPLICATIONINSIGHTS|OVERRIDE_USE_MI)_'
known+='|^Cube__(BaseUrl|Api|Writes|TimeZone|MaxConcurrentRequests|Token|Username|Password)$|^Changes__Crm__(Url|Secret)$'
known+='|^(Sync__Schedule|Sync__SnapshotSchedule|Retention__Days|Telemetry__StorageRequests)$'
known+='|^Operations__(StaleDatedAfterHours|StaleSnapshotAfterHours|ActingRole)$|^OTEL_DOTNET_EXPERIMENTAL_(ASPNETCORE|HTTPCLIENT)_DISABLE_URL_QUERY_REDACTION$'
known+='|^Upserts__Senders__[a-z0-9]+__(Kind|AssignmentId|Secret|PreviousSecret|FieldMap|PublicUrl)$'
lost=()

app=$(ask functionapp list --resource-group "$group" --query "[?tags.\"azd-env-name\"=='$AZURE_ENV_NAME'].name | [0]" --output tsv)
if [ -n "$app" ]; then
  names=$(ask functionapp config appsettings list --resource-group "$group" --name "$app" --query '[].name' --output tsv)
  has() { grep --quiet --line-regexp --fixed-strings "$1" <<< "$names"; }

  if [ -z "${CUBE_CRM_URL:-}" ] && has Changes__Crm__Url; then lost+=("CUBE_CRM_URL: a receiver gets the changes"); fi
  if [ -z "${CUBE_WRITES:-}" ] && has Cube__Writes; then lost+=("CUBE_WRITES: somebody chose whether Cube is written to"); fi
  if [ -z "${CUBE_USERNAME:-}" ] && has Cube__Username; then lost+=("CUBE_USERNAME: the app has a user name for Cube"); fi
  if [ -z "${CUBE_SIGN_IN_CLIENT_ID:-}" ] && has OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID; then
    lost+=("CUBE_SIGN_IN_CLIENT_ID: people sign in")
  fi

  while read -r sender; do
    if [ -n "$sender" ] && ! grep --quiet "\"name\" *: *\"$sender\"" <<< "${CUBE_SENDERS:-}"; then
      lost+=("CUBE_SENDERS: '$sender' is a sender")
    fi
  done < <(sed --quiet 's/^Upserts__Senders__\(.*\)__Kind$/\1/p' <<< "$names")

  while read -r name; do
    if [ -n "$name" ] && ! grep --quiet --fixed-strings "\"$name\"" <<< "${CUBE_SETTINGS:-}"; then
      lost+=("CUBE_SETTINGS: '$name' is set")
    fi
  done < <(grep --extended-regexp --invert-match "$known" <<< "$names" || true)
fi

told=$(ask monitor action-group list --resource-group "$group" \
  --query '[[sum([].length(emailReceivers)), sum([].length(webhookReceivers))]]' --output tsv)
read -r emails webhooks <<< "$told"
if [ "${emails:-0}" -gt 0 ] && [[ "${CUBE_ALERT_EMAILS:-}" != *@* ]]; then lost+=("CUBE_ALERT_EMAILS: somebody gets the alerts"); fi
if [ "${webhooks:-0}" -gt 0 ] && [ -z "${CUBE_ALERT_WEBHOOK_URL:-}" ]; then
  lost+=("CUBE_ALERT_WEBHOOK_URL: alerts call an address")
fi

if [ "${#lost[@]}" -eq 0 ]; then
  echo "$group: nothing is taken away"
  exit 0
fi

echo "This deployment would take away from $group:"
printf '  %s\n' "${lost[@]}"
if [ "${CUBE_TAKE_AWAY:-}" = true ]; then
  echo "CUBE_TAKE_AWAY is true: it does."
  exit 0
fi

echo "Set these variables, or CUBE_TAKE_AWAY=true to take it away."
exit 1
