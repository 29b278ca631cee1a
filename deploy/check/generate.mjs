import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directory, files } from './files.mjs';

for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
console.log(`${Object.keys(files).length} files written.`);
