import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { appendPath, createMethod, type MethodRules, remember } from './client-method.ts'

const nothing = (): void => {}

function methodOf(path: string, rules: Partial<MethodRules> = {}, owner?: object, root = true) {
  const place = { path, root, session: false }
  return createMethod(place, nothing, owner, { methods: undefined, except: [], ...rules })
}

describe('a method', () => {
  it('is guarded unless others are listed', () => {
    expect(methodOf('find')).toMatchObject({ isGuarded: true, isListed: false })
    expect(methodOf('find', { methods: ['find'] })).toMatchObject({
      isGuarded: true,
      isListed: true,
    })
    expect(methodOf('find', { methods: ['list'] })).toMatchObject({ isGuarded: false })
    expect(methodOf('find', { methods: [] })).toMatchObject({ isGuarded: false })
  })

  it.each([
    ['users', 'users', true],
    ['users', 'users.list', true],
    ['users', 'users().list', true],
    ['users', 'usersOf', false],
    ['users', 'users_list', false],
    ['users', 'user', false],
    ['users', 'all.users', false],
    ['users.list', 'users', false],
    ['', '', true],
    ['', '().list', true],
    ['', 'list', false],
  ])('is covered by a name that leads to it: %j, %j: %s', (name, path, covered) => {
    expect(methodOf(path, { methods: [name] }).isGuarded).toBe(covered)
    expect(methodOf(path, { except: [name] }).isGuarded).toBe(!covered)
    expect(methodOf(path, { methods: [name], except: [name] }).isGuarded).toBe(false)
  })

  it('leads to a listed one if that is of what it returns', () => {
    const methods = ['list', 'bucket().file().read']
    for (const path of ['bucket', 'bucket().file']) {
      expect(methodOf(path, { methods }).leadsToListed).toBe(true)
    }
    for (const path of ['buckets', 'file', 'bucket().file().read']) {
      expect(methodOf(path, { methods }).leadsToListed).toBe(false)
    }
    expect(methodOf('bucket').leadsToListed).toBe(false)
  })

  it('that closes the client is not guarded, unless it is listed', () => {
    for (const name of ['close', 'end', 'quit', 'destroy', '$disconnect']) {
      expect(methodOf(name).isGuarded).toBe(false)
      expect(methodOf(name, { methods: [name] }).isGuarded).toBe(true)
    }
  })

  it('that closes something else is guarded, unless that is a cursor', () => {
    const cursor = {
      on: nothing,
      off: nothing,
      next: nothing,
      [Symbol.asyncIterator]: () => ({ next: nothing }),
    }
    expect(methodOf('users.close').isGuarded).toBe(true)
    expect(methodOf('find().close', {}, { close: nothing }, false).isGuarded).toBe(true)
    expect(methodOf('find().close', {}, undefined, false).isGuarded).toBe(true)
    expect(methodOf('find().close', {}, cursor, false).isGuarded).toBe(false)
    expect(methodOf('find().next', {}, cursor, false).isGuarded).toBe(true)
  })

  it('ends a transaction if it belongs to one', () => {
    const transaction = { commit: nothing, rollback: nothing }
    for (const name of ['commit', 'rollback', 'release']) {
      expect(methodOf(`begin().${name}`, {}, transaction, false).onSession).toBe(true)
      expect(methodOf(`begin().${name}`, {}, { commit: nothing }, false).onSession).toBe(false)
      expect(methodOf(`begin().${name}`, {}, undefined, false).onSession).toBe(false)
    }
    expect(methodOf('begin().query', {}, transaction, false).onSession).toBe(false)
  })

  it('ends a queue of commands if it belongs to the client of one', () => {
    const client = { multi: nothing, exec: nothing, discard: nothing }
    for (const name of ['exec', 'discard']) {
      expect(methodOf(name, {}, client).onSession).toBe(true)
      expect(methodOf(name, {}, client, false).onSession).toBe(false)
      expect(methodOf(name, {}, { exec: nothing }).onSession).toBe(false)
    }
    expect(methodOf('multi', {}, client).onSession).toBe(false)
  })

  it('connects what has not been admitted if it is called so', () => {
    expect(methodOf('connect').isCheckout).toBe(true)
    expect(methodOf('createQueryRunner().connect').isCheckout).toBe(true)
    expect(methodOf('reconnect').isCheckout).toBe(false)
  })

  it('is known to return plain promises if it is asynchronous, and some promise if it is listed', () => {
    const place = { path: 'find', root: true, session: false }
    const rules = { methods: undefined, except: [] }
    const asynchronous = createMethod(place, async () => {}, undefined, rules)

    expect(asynchronous.profile).toMatchObject({ returnsPromises: true, isPlain: true })
    expect(methodOf('find').profile).toMatchObject({ returnsPromises: false, isPlain: false })
    expect(methodOf('find', { methods: ['find'] }).profile).toMatchObject({
      returnsPromises: true,
      isPlain: false,
    })
  })

  it('knows the members of what it returns from those that are listed', () => {
    const methods = ['get().json', 'get().body.text', 'get().pages().next', 'list().next']
    const { profile } = methodOf('get', { methods })

    for (const name of ['json', 'body', 'pages']) expect(profile.hasMethod?.(name)).toBe(true)
    for (const name of ['text', 'next', '']) expect(profile.hasMethod?.(name)).toBe(false)
    expect(methodOf('find', { methods }).profile.hasMethod).toBeUndefined()
    expect(methodOf('get').profile.hasMethod).toBeUndefined()
  })

  it('learns of its calls with a function by themselves', () => {
    const method = methodOf('find')
    remember(method.profile, Promise.resolve())

    expect(method.profile.returnsPromises).toBe(true)
    expect(method.profileWithCallback.returnsPromises).toBe(false)
  })
})

describe('what a method has returned is remembered:', () => {
  const profileOf = (result: object, isPromised?: boolean) => {
    const { profile } = methodOf('find')
    remember(profile, result, isPromised)
    return profile
  }
  const iterable = { [Symbol.asyncIterator]: () => ({ next: nothing }) }

  it('a plain promise', () => {
    const profile = profileOf(Promise.resolve())

    expect(profile).toMatchObject({ returnsPromises: true, isPlain: true, returnsStreams: false })
    expect(profile.hasMethod).toBeUndefined()
  })

  it('a promise with members, and no longer that it was a plain one', () => {
    class Query extends Promise<unknown> {
      where(): void {}
    }
    const profile = profileOf(Promise.resolve())
    remember(profile, Object.assign(new Query(nothing), { cancel: nothing, text: 'select' }))

    expect(profile).toMatchObject({ returnsPromises: true, isPlain: false })
    for (const name of ['where', 'cancel', 'then']) expect(profile.hasMethod?.(name)).toBe(true)
    for (const name of ['text', 'missing']) expect(profile.hasMethod?.(name)).toBe(false)
  })

  it('a thenable that is awaited', () => {
    const query = Object.assign(Object.create(null), { where: nothing })

    expect(profileOf(query, true)).toMatchObject({ returnsPromises: true, isPlain: false })
    expect(profileOf(query, true).hasMethod?.('where')).toBe(true)
    expect(profileOf(query, true).hasMethod?.('toString')).toBe(false)
  })

  it.each<[string, object, object | undefined]>([
    ['a stream of Node', Readable.from([]), { promise: false, web: false }],
    ['a stream of the web', new ReadableStream(), { promise: false, web: true }],
    ['an iterable', { ...iterable, close: nothing }, undefined],
  ])('%s', (_, result, running) => {
    const profile = profileOf(result)

    expect(profile).toMatchObject({ returnsStreams: true, returnsPromises: false })
    expect(profile.running).toEqual(running)
    expect(profile.hasMethod?.('close')).toBe(running === undefined ? true : undefined)
  })
})

it('names a chain of calls by a path of bounded length', () => {
  let path = 'query'
  for (let i = 0; i < 1_000; i++) path = appendPath(path, '().where')

  expect(path).toMatch(/^query\(\)\.where\(\)\.where/)
  expect(path.length).toBeGreaterThan(200)
  expect(path.length).toBeLessThan(220)
})
