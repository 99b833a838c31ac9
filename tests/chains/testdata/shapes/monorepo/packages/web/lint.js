// A linter in one rule: sources are compared with === and not with ==.
import { readdirSync, readFileSync } from 'node:fs';

const folder = process.argv[2];
const found = readdirSync(folder).flatMap((file) =>
  readFileSync(`${folder}/${file}`, 'utf8')
    .split('\n')
    .flatMap((line, at) =>
      /[^=!]==[^=]/.test(line)
        ? [`${folder}/${file}:${at + 1} compares with ==`]
        : [],
    ),
);
found.forEach((problem) => console.error(problem));
process.exit(found.length > 0 ? 1 : 0);
