import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')

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
  for (const [, path = ''] of text.matchAll(/export type \* from '([^']+)'/g)) {
    types.push(...publicNames(join(dirname(source), path)).types)
  }
  const declared = /export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(\w+)\s+\*?(\w+)/g
  for (const [, kind, name = ''] of text.matchAll(declared)) {
    if (kind === 'interface' || kind === 'type') types.push(name)
    else if (kind !== undefined) values.push(name)
  }
  return { values: values.sort(), types: types.sort() }
}
