// The public types of each subpath, as API Extractor reports them: a change of the API shows as a change of
// these files. `npm run api` writes them; `npm run test:toolchains` compares them.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './consumer.mjs'
import { entries } from './entries.mjs'

const folder = join(root, 'test/package/api')
const extractor =
  'test/package/toolchains/node_modules/@microsoft/api-extractor/lib-commonjs/index.js'
const { default: api } = await import(pathToFileURL(join(root, extractor)).href)
const { Extractor, ExtractorConfig } = api

const SILENT = ['ae-missing-release-tag', 'ae-forgotten-export', 'ae-unresolved-link']

/** The reports by the names of their files, of what is in `dist`. */
export function reportAll() {
  const out = mkdtempSync(join(tmpdir(), 'api-'))
  try {
    for (const { name } of entries) report(name, out)
    return new Map(readdirSync(out).map((file) => [file, readFileSync(join(out, file), 'utf8')]))
  } finally {
    rmSync(out, { recursive: true })
  }
}

function report(name, out) {
  const reportFileName =
    name === 'index' ? 'root' : name.replace(/\/index$/, '').replaceAll('/', '-')
  const none = { logLevel: 'none' }
  const extractorConfig = ExtractorConfig.prepare({
    packageJsonFullPath: join(root, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, 'dist', `${name}.d.ts`),
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: join(root, 'tsconfig.build.json'), skipLibCheck: true },
      apiReport: {
        enabled: true,
        reportFileName,
        reportFolder: out,
        reportTempFolder: join(out, '..'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: none },
        tsdocMessageReporting: { default: none },
        extractorMessageReporting: Object.fromEntries(
          ['default', ...SILENT].map((message) => [message, none]),
        ),
      },
    },
  })
  Extractor.invoke(extractorConfig, { localBuild: true, messageCallback: quiet })
}

function quiet(message) {
  message.handled = message.logLevel !== 'error'
}

/** The files whose content is not that of the reports. */
export function changed(reports) {
  const kept = readdirSync(folder)
  return [...new Set([...kept, ...reports.keys()])].filter(
    (file) =>
      !kept.includes(file) || readFileSync(join(folder, file), 'utf8') !== reports.get(file),
  )
}

export function write(reports) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [file, text] of reports) writeFileSync(join(folder, file), text)
}

if (process.argv[1] === import.meta.filename) {
  write(reportAll())
  console.log(`test/package/api: ${readdirSync(folder).length} files written`)
}
