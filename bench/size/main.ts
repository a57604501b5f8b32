// What an import of `CircuitBreaker` costs an application, feature by feature, into docs/architecture.md:
//   npm run bench:size
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { table, withFigures } from '../markdown.ts'
import { FEATURES, featureOf } from './features.ts'
import { bundleWithout, internalProperties } from './measure.ts'

const page = join(resolve(import.meta.dirname, '../..'), 'docs/architecture.md')
const kilobytes = (bytes: number) => (bytes / 1_000).toFixed(1)

const all = await bundleWithout([])
const rows: string[][] = []
for (const [index, feature] of FEATURES.entries()) {
  const own = Object.entries(all.files).filter(([path]) => featureOf(path) === feature)
  const minified = own.reduce((sum, [, bytes]) => sum + bytes, 0)
  const row = [feature.name, String(own.length), kilobytes(minified)]
  if (feature.essential) rows.push([...row, '', ''])
  else {
    const alone = await bundleWithout([feature])
    const rest = await bundleWithout(FEATURES.slice(0, index + 1))
    rows.push([...row, kilobytes(all.gzipped - alone.gzipped), kilobytes(rest.gzipped)])
  }
}
const names = internalProperties(all.code)
const mangled = await bundleWithout([], { mangleProps: new RegExp(`^(?:${names.join('|')})$`) })

const figures = [
  table(
    ['feature', 'files', 'minified, kB', 'gzipped, without it less', 'what then is left'],
    [
      ...rows,
      [
        'all',
        String(Object.keys(all.files).length),
        kilobytes(all.minified),
        '',
        kilobytes(all.gzipped),
      ],
    ],
  ),
  `With brotli all of it is ${kilobytes(all.brotli)} kB. With the ${names.length} names of properties that only the ` +
    `library uses cut short it is ${kilobytes(mangled.gzipped)} kB gzipped.`,
]
writeFileSync(
  page,
  withFigures(readFileSync(page, 'utf8'), 'bench:size', 'size', figures.join('\n\n')),
)
