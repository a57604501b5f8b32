/** Lets an object of this class be called: it is a function whose prototype is the class's. */
export class Callable {
  static {
    // `call`, `apply` and `bind` are there too, as decorator helpers of compilers expect.
    Object.setPrototypeOf(Callable.prototype, Function.prototype)
  }

  constructor(call: (...args: never[]) => unknown) {
    // biome-ignore lint/correctness/noConstructorReturn: the object is this very function.
    return Object.setPrototypeOf(call, new.target.prototype)
  }
}
