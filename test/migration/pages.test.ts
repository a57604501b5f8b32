import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe.each(['opossum', 'cockatiel'])('the page for those who come from %s', (library) => {
  const page = read(`docs/from-${library}.md`)

  it.each(['before.ts', 'after.ts'])('shows %s as it is run', (file) => {
    expect(page).toContain(`\`\`\`ts\n${read(`test/migration/${library}/${file}`)}\`\`\``)
  })

  it('names the version that is run', () => {
    const { version } = JSON.parse(read(`node_modules/${library}/package.json`))

    expect(page).toContain(`observed with ${library} ${version}`)
  })
})
