/** What the words of a driver program name: objects, their storage, and which of it holds pointers. */
import type { Global, InitialValue } from "../program.ts";
import { flatten, forEachStep } from "./each-step.ts";
import { Kinship } from "./kinship.ts";
import { demand, DriverMistake } from "./mistake.ts";
import { type Stands, standsFor } from "./stands.ts";
import type { Device, DriverObject, DriverProgram, Operand, Place, Step } from "./steps.ts";

/**
 * Stand for "a pointer into freed memory", "a pointer nobody set" and NULL: reading through them is an event, not a dead end.
 * Memory that the hazard does not ask for has stands of its own, so that a copy of what it holds is no hazard.
 */
export const freedObject = "v_freed";
export const wildObject = "v_wild";
export const nullObject = "v_null";
const otherFreedObject = "v_freed_other";
const otherWildObject = "v_wild_other";
/** What RCU keeps in the rcu_head of a queued callback: the next one in its list. */
export const rcuListObject = "v_rcu_list";

/** Every global is prefixed: herd7 takes `pte_…` for page-table entries. */
export const globalName = (object: string): string => `v_${object}`;
export type ParsedPlace =
  | { readonly kind: "object"; readonly object: string; readonly word: number }
  | { readonly kind: "register"; readonly register: string; readonly word: number };

/** One word of an object, by its name. */
export type Word = { readonly object: string; readonly word: number };

export type Storage = { readonly object: DriverObject; readonly fields: ReadonlyMap<string, number>; readonly size: number };

export class Places {
  readonly storage = new Map<string, Storage>();
  readonly stands: Stands;
  readonly #fieldWords = new Map<string, number>();
  readonly #parsed = new Map<Place, ParsedPlace>();
  /** By `object word` and by `thread register`: the words it may point at, as `object word`. */
  readonly #pointees = new Map<string, Set<string>>();
  /** Objects of which a word after the first is reached through a register. */
  readonly #indexed = new Set<string>();
  /** Words and registers that hold values of one type. */
  readonly #kin = new Kinship();
  /** Objects that some step allocates: their words hold what nobody has written. */
  readonly #allocated: ReadonlySet<string>;
  readonly #hazardObject: string | undefined;
  /** Some register is followed without a test for NULL: NULL becomes an object of its own. */
  readonly hasUncheckedUse: boolean;

  constructor(program: DriverProgram) {
    for (const object of program.objects) this.#declare(object);
    this.stands = standsFor(program);
    this.#allocated = new Set(bodiesOf(program).flatMap(({ steps }) => flatten(steps)).flatMap((step) => (step.kind === "alloc" ? [step.object] : [])));
    this.#hazardObject = "object" in program.hazard ? program.hazard.object : undefined;
    this.#followPointers(program);
    for (const { name, steps } of bodiesOf(program)) forEachStep(steps, (step) => { if ("at" in step) this.#noteIndex(name, step.at); });
    this.#refuseNumbersAsPointers(program);
    this.hasUncheckedUse = bodiesOf(program).some(({ steps }) => followsUnchecked(steps, new Set()));
  }

  #noteIndex(thread: string, place: Place): void {
    const parsed = this.parse(place);
    if (parsed.kind === "register" && parsed.word > 0) for (const object of [...this.objectsAt(thread, place), "*"]) this.#indexed.add(object);
  }

  #declare(object: DriverObject): void {
    demand(!this.storage.has(object.name), `object ${object.name} is declared twice`);
    demand(!object.name.includes("__"), `${object.name}: two underscores in a row are taken for words of objects`);
    demand(/^[A-Za-z]\w*$/.test(object.name), `${JSON.stringify(object.name)} is no name for an object: a letter, then letters, digits and _`);
    const fields = new Map<string, number>();
    let size = 0;
    for (const { name, sharesWith } of object.fields ?? []) {
      demand(!fields.has(name), `field ${object.name}.${name} is declared twice`);
      const shared = sharesWith === undefined ? undefined : fields.get(sharesWith);
      demand(sharesWith === undefined || shared !== undefined, `${object.name}.${name} shares the storage of ${String(sharesWith)}, which is not declared before it`);
      fields.set(name, shared ?? size++);
    }
    for (const [field, word] of fields) {
      const other = this.#fieldWords.get(field);
      demand(other === undefined || other === word, `field ${field} stands at different words of two objects, so r->${field} has no meaning: name one of them otherwise`);
      this.#fieldWords.set(field, word);
    }
    this.storage.set(object.name, { object, fields, size: Math.max(size, 1) });
  }

  storageOf(object: string): Storage {
    const storage = this.storage.get(object);
    if (storage === undefined) throw new DriverMistake(`object ${object} is not declared (objects: ${[...this.storage.keys()].join(", ")})`);
    return storage;
  }

  /** Each place is asked for many times. */
  parse(place: Place): ParsedPlace {
    const known = this.#parsed.get(place);
    if (known !== undefined) return known;
    const parsed = this.#parse(place);
    this.#parsed.set(place, parsed);
    return parsed;
  }

  #parse(place: Place): ParsedPlace {
    const match = /^(?:\*(?<star>\w+)|(?<register>\w+)->(?<member>\w+)|(?<object>\w+)(?:\.(?<field>\w+))?)$/.exec(place);
    demand(match?.groups !== undefined, `${JSON.stringify(place)} is no place: write object, object.field, *register or register->field`);
    const { star, register, member, object, field } = match.groups;
    if (star !== undefined) return { kind: "register", register: star, word: 0 };
    if (register !== undefined && member !== undefined) {
      const word = this.#fieldWords.get(member);
      demand(word !== undefined, `no object has a field ${member} (${place})`);
      return { kind: "register", register, word };
    }
    const { fields } = this.storageOf(object!);
    if (field === undefined) return { kind: "object", object: object!, word: 0 };
    const word = fields.get(field);
    demand(word !== undefined, `object ${object!} has no field ${field} (fields: ${[...fields.keys()].join(", ")})`);
    return { kind: "object", object: object!, word };
  }

  /** The words that a step at this place may touch, as far as names tell. */
  wordsAt(thread: string, place: Place): readonly Word[] {
    const parsed = this.parse(place);
    if (parsed.kind === "object") return [parsed];
    return [...(this.#pointees.get(`${thread} ${parsed.register}`) ?? [])].map(wordOf).map(({ object, word }) => ({ object, word: word + parsed.word })).filter(({ object, word }) => word < this.storageOf(object).size);
  }

  /** The storage that a step at this place touches, as far as names tell. */
  objectsAt(thread: string, place: Place): readonly string[] {
    return [...new Set(this.wordsAt(thread, place).map(({ object }) => object))];
  }

  /**
   * The global that a word of an object gets for itself; none for objects whose words are reached by adding to a
   * pointer, and for those that stand for NULL, freed and wild memory as long as some are.
   */
  splitting(): (global: string, word: number) => string | undefined {
    const whole = new Set<string>();
    for (const { object, size } of this.storage.values()) if (object.nonCoherent === true || (size > 1 && this.#indexed.has(object.name))) whole.add(globalName(object.name));
    const stands = [freedObject, wildObject, nullObject, otherFreedObject, otherWildObject, rcuListObject];
    const names = new Map<string, readonly string[]>();
    for (const { object, fields, size } of this.storage.values()) {
      const global = globalName(object.name);
      if (size === 1 || whole.has(global)) continue;
      names.set(global, Array.from({ length: size }, (_, word) => `${global}__${[...fields].find(([, at]) => at === word)?.[0] ?? String(word)}`));
    }
    return (global, word) => (stands.includes(global) ? (this.#indexed.size === 0 ? `${global}${word === 0 ? "" : `__${String(word)}`}` : undefined) : names.get(global)?.[word]);
  }

  isSeenByDevice(thread: string, place: Place): boolean {
    const objects = this.objectsAt(thread, place);
    return objects.length > 0 && objects.every((name) => this.storageOf(name).object.seenBy === "device");
  }

  isPointerRegister(thread: string, register: string): boolean {
    return this.#kin.isPointer(`${thread} ${register}`);
  }

  isPointerWord(object: string, word: number): boolean {
    return this.#kin.isPointer(`${object} ${String(word)}`);
  }

  /** What a load of this word may be compared with as NULL. */
  null(isPointer: boolean): InitialValue {
    return isPointer && this.hasUncheckedUse ? { kind: "address", location: nullObject, offset: 0 } : { kind: "constant", value: 0 };
  }

  poisonOf(object: string, word: number): InitialValue {
    const isAsked = object === this.#hazardObject;
    return this.isPointerWord(object, word) ? stand(isAsked ? freedObject : otherFreedObject) : { kind: "constant", value: isAsked ? this.stands.poison : this.stands.otherPoison };
  }

  rcuLinkOf(object: string, word: number): InitialValue {
    return this.isPointerWord(object, word) ? stand(rcuListObject) : { kind: "constant", value: this.stands.rcuLink };
  }

  garbageOf(object: string, word: number): InitialValue {
    const isAsked = object === this.#hazardObject;
    return this.isPointerWord(object, word) ? stand(isAsked ? wildObject : otherWildObject) : { kind: "constant", value: isAsked ? this.stands.garbage : this.stands.otherGarbage };
  }

  initialOf(object: string, word: number): InitialValue {
    const { object: declared, fields } = this.storageOf(object);
    const initials = declared.fields === undefined ? [declared.initial] : declared.fields.filter(({ name }) => fields.get(name) === word).map(({ initial }) => initial);
    const initial = initials.find((one) => one !== undefined) ?? (this.#allocated.has(object) ? "uninitialised" : 0);
    if (initial === "uninitialised") return this.garbageOf(object, word);
    if (typeof initial === "string") return this.address(initial);
    return initial === 0 ? this.null(this.isPointerWord(object, word)) : { kind: "constant", value: initial };
  }

  /** `&bond`, `&bond.dev`. */
  address(text: string): Extract<InitialValue, { readonly kind: "address" }> {
    const parsed = this.parse(text.slice(1));
    demand(parsed.kind === "object", `${text}: only the address of an object can be taken`);
    return { kind: "address", location: globalName(parsed.object), offset: 4 * parsed.word };
  }

  globals(atomics: ReadonlySet<string>): readonly Global[] {
    const declared = [...this.storage.values()].map(({ object, size }): Global => {
      const own = Array.from({ length: size }, (_, word) => this.initialOf(object.name, word));
      // Behind the words that the CPUs see stand those in main memory: one address leads to both.
      const words = object.nonCoherent === true ? [...own, ...own] : own;
      const isPointer = own.some((_, word) => this.isPointerWord(object.name, word));
      const type = words.length === 1 && atomics.has(object.name) ? "atomic_t" : isPointer ? "int *" : "int";
      return { name: globalName(object.name), type, words, ...(words.length > 1 ? { array: true } : {}) };
    });
    const size = Math.max(...[...this.storage.values()].map((one) => one.size), 1);
    const declaredStand = (name: string): Global => ({ name, type: "int *", words: Array.from({ length: size }, () => ({ kind: "address", location: name, offset: 0 }) as const), ...(size > 1 ? { array: true } : {}) });
    return [...declared, ...[freedObject, wildObject, nullObject, otherFreedObject, otherWildObject, rcuListObject].map(declaredStand)];
  }

  /** Sets of words per register and word, to the fixpoint; a word of an object reached through a register counts for each object it may be. */
  #followPointers(program: DriverProgram): void {
    for (const { object, fields } of this.storage.values()) {
      if (typeof object.initial === "string" && object.initial.startsWith("&")) this.#add(`${object.name} 0`, this.parse(object.initial.slice(1)));
      for (const { name, initial } of object.fields ?? []) if (typeof initial === "string" && initial.startsWith("&")) this.#add(`${object.name} ${String(fields.get(name)!)}`, this.parse(initial.slice(1)));
    }
    for (let before = -1, now = 0; now !== before; before = now, now = [...this.#pointees.values()].reduce((sum, set) => sum + set.size, 0)) {
      for (const { name, steps } of bodiesOf(program)) forEachStep(steps, (step) => { this.#flow(name, step); });
      for (const device of program.devices ?? []) this.#flowDevice(device);
    }
  }

  #flow(thread: string, step: Step): void {
    if ("at" in step) this.#follow(thread, step.at);
    if (step.kind === "load") this.#copy(this.#keysAt(thread, step.at), `${thread} ${step.dst}`);
    else if (step.kind === "store") for (const key of this.#keysAt(thread, step.at)) this.#assign(thread, step.value, key);
    else if (step.kind === "set") this.#assign(thread, step.value, `${thread} ${step.dst}`);
    else if (step.kind === "if") this.#compare(thread, step.condition.left, step.condition.right);
    else if (step.kind === "command" || step.kind === "invalidate") for (const { at, value } of step.command.writes ?? []) for (const key of this.#keysAt(thread, at)) this.#assign(thread, value, key);
    else if (step.kind === "alloc") this.#add(`${thread} ${step.dst}`, { kind: "object", object: step.object, word: 0 });
    else if (step.kind === "update") {
      const { with: change } = step;
      const values = change.kind === "compare-exchange" ? [change.value, change.expected] : change.kind === "exchange" ? [change.operand] : undefined;
      if (values === undefined) return;
      for (const key of this.#keysAt(thread, step.at)) for (const value of values) this.#assign(thread, value, key);
      if (step.dst !== undefined) this.#copy(this.#keysAt(thread, step.at), `${thread} ${step.dst}`);
    }
  }

  #flowDevice(device: Device): void {
    let before: string | undefined;
    for (const { dst, at } of device.path) {
      const place = at ?? (before === undefined ? undefined : `*${before}`);
      if (place !== undefined) {
        this.#follow(device.name, place);
        this.#copy(this.#keysAt(device.name, place), `${device.name} ${dst}`);
      }
      before = dst;
    }
    if (device.again !== undefined) this.#copy(this.#keysAt(device.name, device.again.at), `${device.name} ${device.again.dst}`);
  }

  #follow(thread: string, place: Place): void {
    const parsed = this.parse(place);
    if (parsed.kind === "register") this.#kin.follow(`${thread} ${parsed.register}`);
  }

  #keysAt(thread: string, place: Place): readonly string[] {
    return this.wordsAt(thread, place).map(keyOf);
  }

  #assign(thread: string, value: Operand, to: string): void {
    if (typeof value === "number") this.#kin.hold(to, value);
    else if (value.startsWith("&")) this.#add(to, this.parse(value.slice(1)));
    else this.#copy([`${thread} ${value}`], to);
  }

  #compare(thread: string, left: Operand, right: Operand): void {
    const isRegister = (side: Operand): side is string => typeof side === "string" && !side.startsWith("&");
    if (isRegister(left) && isRegister(right)) this.#kin.join(`${thread} ${left}`, `${thread} ${right}`);
  }

  #copy(from: readonly string[], to: string): void {
    for (const key of from) this.#kin.join(key, to);
    const words = from.flatMap((key) => [...(this.#pointees.get(key) ?? [])]);
    if (words.length > 0) this.#merge(to, words);
  }

  #add(to: string, place: ParsedPlace): void {
    if (place.kind !== "object") return;
    this.#kin.point(to);
    this.#merge(to, [keyOf(place)]);
  }

  #merge(to: string, words: readonly string[]): void {
    const known = this.#pointees.get(to) ?? new Set();
    for (const word of words) known.add(word);
    this.#pointees.set(to, known);
  }

  /** A number that is followed leads nowhere, and the executions that follow it would be missing. */
  #refuseNumbersAsPointers(program: DriverProgram): void {
    for (const { object, fields } of this.storage.values()) {
      if (typeof object.initial === "number") this.#kin.hold(`${object.name} 0`, object.initial);
      for (const { name, initial } of object.fields ?? []) if (typeof initial === "number") this.#kin.hold(`${object.name} ${String(fields.get(name)!)}`, initial);
    }
    const wrong = this.#kin.followedNumber();
    demand(wrong === undefined, `${program.name}: a pointer that is followed may be the number ${String(wrong)}; write 0 or &object`);
    for (const { name, steps } of bodiesOf(program)) forEachStep(steps, (step) => { this.#refuseArithmetic(name, step); });
  }

  /** What is neither a copy nor a comparison of equality has no value in the model, nor what lies behind the end of an object. */
  #refuseArithmetic(thread: string, step: Step): void {
    if (step.kind === "if") {
      const { left, operator, right } = step.condition;
      const isPointer = [left, right].some((side) => typeof side === "string" && (side.startsWith("&") || this.isPointerRegister(thread, side)));
      demand(!isPointer || operator === "==" || operator === "!=", `${thread}: pointers are compared by == and !=, not by ${operator}`);
    }
    if (!("at" in step)) return;
    const isCount = step.kind === "get-ref" || step.kind === "get-ref-unless-zero" || step.kind === "put-ref" || (step.kind === "update" && step.with.kind !== "exchange" && step.with.kind !== "compare-exchange");
    demand(!isCount || !this.wordsAt(thread, step.at).some(({ object, word }) => this.isPointerWord(object, word)), `${thread}: ${step.at} holds pointers: one cannot count with them`);
    const parsed = this.parse(step.at);
    if (parsed.kind === "object") return;
    const short = [...(this.#pointees.get(`${thread} ${parsed.register}`) ?? [])].map(wordOf).find(({ object, word }) => word + parsed.word >= this.storageOf(object).size);
    demand(short === undefined, `${thread}: ${step.at} lies behind the end of ${String(short?.object)}, which ${parsed.register} may point at`);
  }
}

const keyOf = ({ object, word }: Word): string => `${object} ${String(word)}`;

function wordOf(key: string): Word {
  const [object, word] = key.split(" ");
  return { object: object!, word: Number(word) };
}

const stand = (location: string): Extract<InitialValue, { readonly kind: "address" }> => ({ kind: "address", location, offset: 0 });

/** Threads and handlers, with the names that registers are told apart by. */
export function bodiesOf(program: DriverProgram): readonly { readonly name: string; readonly steps: readonly Step[] }[] {
  return [...program.threads.map(({ role, steps }) => ({ name: role, steps })), ...(program.handlers ?? []).map(({ name, steps }) => ({ name, steps }))];
}

/** Does some step follow a register outside a test of it for NULL? */
function followsUnchecked(steps: readonly Step[], outer: ReadonlySet<string>): boolean {
  const checked = new Set(outer);
  return steps.some((step) => {
    if (step.kind === "alloc" || (step.kind === "set" && typeof step.value === "string" && step.value.startsWith("&"))) checked.add(step.dst);
    if ("at" in step) {
      const register = /^(?:\*(\w+)|(\w+)->)/.exec(step.at);
      const name = register?.[1] ?? register?.[2];
      if (name !== undefined && !checked.has(name)) return true;
    }
    if (step.kind === "put-ref") return followsUnchecked(step.release, checked);
    if (step.kind === "choose") return followsUnchecked(step.then, checked) || followsUnchecked(step.else, checked);
    if (step.kind !== "if") return false;
    const { left, operator, right } = step.condition;
    const tested = typeof left === "string" && right === 0 ? left : undefined;
    const then = tested !== undefined && operator === "!=" ? new Set([...checked, tested]) : checked;
    const otherwise = tested !== undefined && operator === "==" ? new Set([...checked, tested]) : checked;
    return followsUnchecked(step.then, then) || followsUnchecked(step.else, otherwise);
  });
}
