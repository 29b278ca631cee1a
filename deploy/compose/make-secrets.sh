#!/bin/sh
# Writes .env with passwords that nobody has chosen, for all that compose.yaml asks for, and the key of the gateways in
# keys/; what is there stays.
set -eu
cd "$(dirname "$0")"
if [ -e keys ]; then
  echo "keys is there already; nothing in it was changed."
else
  # Containers run as another user, who has to read them; everybody else is kept out by the directory around them.
  mkdir -m 700 keys
  mkdir -m 755 keys/private keys/public
  openssl genpkey -algorithm ed25519 -out keys/private/private.pem
  openssl pkey -in keys/private/private.pem -pubout -out keys/public/public.pem
  chmod 644 keys/private/private.pem keys/public/public.pem
fi
umask 077
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
touch .env
made=
for name in $(grep -oE '[A-Z0-9_]*PASSWORD[A-Z0-9_]*:\?' compose.yaml | tr -d ':?' | sort -u); do
  if ! grep -q "^$name=" .env; then
    echo "$name=$(random)" >> .env
    made="$made $name"
  fi
done
if [ -z "$made" ]; then
  echo "Everything is in .env already; nothing was changed."
else
  echo "Written to .env:$made. The administrator is admin@ashlar.local, with ADMIN_PASSWORD."
fi
