import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')

/** The subpaths of the published package that hold code, with the source file behind each. */
export function entryPoints(): { subpath: string; source: string }[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.entries<string>(manifest.exports)
    .filter(([, target]) => target.endsWith('.js'))
    .map(([subpath, target]) => ({
      subpath,
      source: target.replace('./dist/', './src/').replace(/\.js$/, '.ts'),
    }))
}

/** What an entry file exports, by reading it: types leave no trace at run time. */
export function publicNames(source: string): { values: string[]; types: string[] } {
  const text = readFileSync(join(root, source), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  const values: string[] = []
  const types: string[] = []
  for (const [, keyword, list = ''] of text.matchAll(/export\s+(type\s+)?\{([^}]*)\}/g)) {
    for (const item of list.split(',').map((part) => part.trim())) {
      if (item === '') continue
      const name = item.replace(/^type\s+/, '').replace(/^.*\sas\s+/, '')
      const isType = keyword !== undefined || item.startsWith('type ')
      ;(isType ? types : values).push(name)
    }
  }
  const declared = /export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(\w+)\s+\*?(\w+)/g
  for (const [, kind, name = ''] of text.matchAll(declared)) {
    if (kind === 'interface' || kind === 'type') types.push(name)
    else if (kind !== undefined) values.push(name)
  }
  return { values: values.sort(), types: types.sort() }
}
