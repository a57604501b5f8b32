import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { FEATURES, featureOf } from '../../bench/size/features.ts'
import { type Bundle, bundleWithout, internalProperties } from '../../bench/size/measure.ts'

const root = resolve(import.meta.dirname, '../..')
const streams = featureOf('call/stream')
let all: Bundle

beforeAll(async () => {
  all = await bundleWithout([])
})

describe('what the size is made of', () => {
  it('is told for features that all have code in the bundle', () => {
    const found = new Set(Object.keys(all.files).map((path) => featureOf(path)))

    expect(FEATURES.filter((feature) => !found.has(feature))).toEqual([])
  })

  it('is told in the architecture, for each feature and for a size that is near today’s', () => {
    const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
    const told = Number(/^\| all \|.*\| ([\d.]+) \|$/m.exec(page)?.[1]) * 1_000

    expect(FEATURES.filter(({ name }) => !page.includes(`| ${name} |`))).toEqual([])
    expect(Math.abs(all.gzipped - told)).toBeLessThan(told * 0.05)
  })

  it('is measured by bundles that lack a feature, and nothing that the rest needs', async () => {
    const rest = await bundleWithout([streams])
    const [before = 0, after = 0] = [all, rest].map(({ files }) => files['core/machine'])

    expect(all.code).toContain('Symbol.asyncIterator')
    expect(rest.code).not.toContain('Symbol.asyncIterator')
    // But for the letters that short names have.
    expect(Math.abs(after - before)).toBeLessThan(before * 0.05)
    expect(all.gzipped - rest.gzipped).toBeGreaterThan(1_000)
  })

  it('takes no property for internal that a user or a platform knows', () => {
    const names = internalProperties(all.code)

    expect(names).toContain('tryAdmitShared')
    for (const name of [
      'maxFailures',
      'retryAfter',
      'addEventListener',
      'then',
      'consecutiveFailures',
    ]) {
      expect(names).not.toContain(name)
    }
  })
})
