#!/usr/bin/env bash
# The calls and pauses of the deployment that this pipeline replaces, after its `pulumi up`: wait, ask two paths once each, then give the
# newest revision more every minute. WEB is where visitors' requests go, SITE the service's host.
set -e
cd "$(dirname "$0")"
shift_to() { gcloud run services update-traffic web --region=us-central1 --to-revisions="LATEST=$1"; }
sleep 30
for path in '/api/health' '/api/items?limit=1'; do
  if ! curl -f -s -o /dev/null -H "Host: $SITE" "$WEB$path"; then
    ./design-rollback.sh
    exit 1
  fi
done
shift_to 10
sleep 60
shift_to 50
sleep 60
shift_to 100
