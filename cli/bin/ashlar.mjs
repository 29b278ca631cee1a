#!/usr/bin/env node
// Older versions of Node would stumble over the syntax of the launcher: this file asks them for a newer one first.
if (Number(process.versions.node.split('.')[0]) < 18) {
  console.error(
    `Ashlar needs Node.js 18 or newer to install itself, and this is ${process.version}: see https://nodejs.org.`,
  );
  process.exit(1);
}
import('./launch.mjs').then(({ launch }) => launch(process.argv.slice(2)));
