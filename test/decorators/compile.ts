import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import type { Plugin } from 'vite'

const root: string = join(import.meta.dirname, '../..')
const exec = promisify(execFile)

/**
 * Compiles the files in `standard/` and `legacy/` with tsc and the tsconfig.json beside them.
 * Vite's own compiler leaves standard decorators as they are, and no runtime parses them yet.
 */
export function compileDecorators(): Plugin {
  return {
    name: 'compile-decorators',
    enforce: 'pre',
    async load(id) {
      const [path = id] = id.split('?')
      const file = relative(import.meta.dirname, path)
      const dialect = /^(standard|legacy)[\\/].*\.ts$/.exec(file)?.[1]
      return dialect === undefined ? null : await compile(dialect, path)
    },
  }
}

async function compile(dialect: string, path: string) {
  const out = await mkdtemp(join(tmpdir(), `decorators-${dialect}-`))
  try {
    const project = join(import.meta.dirname, dialect, 'tsconfig.json')
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    // `npm run check` reports type errors; here they would hide what the test has to say.
    const flags = ['--noCheck', '--noEmit', 'false', '--declaration', 'false', '--sourceMap']
    const command = [tsc, '-p', project, '--outDir', out, '--rootDir', root, ...flags]
    await exec(process.execPath, command).catch((error) => {
      throw new Error(`tsc could not compile ${relative(root, path)}:\n${error.stdout}`)
    })
    const emitted = join(out, relative(root, path).replace(/\.ts$/, '.js'))
    const map = JSON.parse(await readFile(`${emitted}.map`, 'utf8'))
    return {
      code: await readFile(emitted, 'utf8'),
      map: { ...map, sourceRoot: '', sources: [path] },
    }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}
