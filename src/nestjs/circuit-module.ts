import { APP_FILTER, HttpAdapterHost } from '@nestjs/core'
import { checkAdapterOptions } from '../adapter/call-options.ts'
import { checkRequired, type ReadinessOptions } from '../adapter/readiness.ts'
import type { CircuitBreakerOptions, CircuitRegistry } from '../index.ts'
import { CircuitExceptionFilter } from './circuit-exception-filter.ts'
import { CircuitHealthIndicator } from './circuit-health-indicator.ts'
import { breakerToken, REGISTRY } from './inject.ts'

// biome-ignore lint/suspicious/noExplicitAny: modules, tokens and values of the application.
type Any = any

/** What {@link CircuitModule.forRoot} takes. */
export interface CircuitModuleOptions extends ReadinessOptions {
  /** Where the breakers are: `circuits`, or one of your own. `@InjectRegistry()` injects it. */
  readonly registry: CircuitRegistry
  /**
   * The breakers that `@InjectBreaker(name)` may ask for, with their options. `{}` for one whose options are
   * set elsewhere.
   * @defaultValue none
   */
  readonly breakers?: Readonly<Record<string, CircuitBreakerOptions>> | undefined
}

/** What {@link CircuitModule.forRootAsync} takes. */
export interface CircuitModuleAsyncOptions {
  /**
   * The names that `@InjectBreaker(name)` may ask for: Nest needs them before `useFactory` is called.
   * @defaultValue none
   */
  readonly names?: readonly string[] | undefined
  /** Modules whose providers are injected. */
  readonly imports?: Any[] | undefined
  /** What `useFactory` gets. */
  readonly inject?: Any[] | undefined
  /** Returns the options, or a promise of them. */
  readonly useFactory: (...args: Any[]) => CircuitModuleOptions | Promise<CircuitModuleOptions>
}

/** A module for `imports`, as Nest takes it. */
export interface ImportedModule {
  module: typeof CircuitModule
  global: true
  imports: Any[]
  providers: Any[]
  exports: Any[]
}

const OPTIONS = 'CircuitModuleOptions'

/**
 * The module: in force for the whole application, it provides the registry, breakers by name and
 * {@link CircuitHealthIndicator}, and answers errors of breakers by {@link CircuitExceptionFilter}.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: modules of Nest are classes.
export class CircuitModule {
  /**
   * For options that are there already.
   *
   * @throws TypeError for options that are wrong
   */
  static forRoot(options: CircuitModuleOptions): ImportedModule {
    check(options)
    return CircuitModule.forRootAsync({
      names: Object.keys(options.breakers ?? {}),
      useFactory: () => options,
    })
  }

  /** For options that other providers know, such as a service for configuration. */
  static forRootAsync(options: CircuitModuleAsyncOptions): ImportedModule {
    checkAdapterOptions('forRootAsync', options, ASYNC_TYPES)
    const { names = [], imports = [], inject = [], useFactory } = options
    if (!Array.isArray(names)) throw new TypeError('names must be an array of names of breakers')
    if (useFactory === undefined) throw new TypeError('forRootAsync needs useFactory')
    const breakers = names.map((name) => ({
      provide: breakerToken(name),
      useFactory: ({ registry, breakers = {} }: CircuitModuleOptions) =>
        registry.breaker(name, optionsOf(breakers[name])),
      inject: [OPTIONS],
    }))
    const visible = [
      ...breakers,
      {
        provide: REGISTRY,
        useFactory: ({ registry }: CircuitModuleOptions) => registry,
        inject: [OPTIONS],
      },
      {
        provide: CircuitHealthIndicator,
        useFactory: (all: CircuitModuleOptions) => new CircuitHealthIndicator(all.registry, all),
        inject: [OPTIONS],
      },
    ]
    return {
      module: CircuitModule,
      global: true,
      imports,
      providers: [
        {
          provide: OPTIONS,
          useFactory: async (...args: Any[]) => check(await useFactory(...args)),
          inject,
        },
        {
          provide: APP_FILTER,
          useFactory: (host: HttpAdapterHost) => new CircuitExceptionFilter(host),
          inject: [HttpAdapterHost],
        },
        ...visible,
      ],
      exports: visible.map(({ provide }) => provide),
    }
  }
}

/** None in place of `{}`, so that a breaker may have any options. */
function optionsOf(options: CircuitBreakerOptions = {}): CircuitBreakerOptions | undefined {
  return Object.keys(options).length === 0 ? undefined : options
}

const ASYNC_TYPES = {
  names: 'object',
  imports: 'object',
  inject: 'object',
  useFactory: 'function',
}

function check(options: CircuitModuleOptions): CircuitModuleOptions {
  checkAdapterOptions('CircuitModule', options, {
    registry: 'object',
    breakers: 'object',
    required: 'object',
  })
  if (typeof options.registry?.breaker !== 'function') {
    throw new TypeError(`registry must be a CircuitRegistry, got ${typeof options.registry}`)
  }
  if (Array.isArray(options.breakers)) {
    throw new TypeError('breakers must be an object with options by name, got an array')
  }
  checkRequired(options)
  return options
}
