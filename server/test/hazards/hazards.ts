/** What a file of this folder exports. `file`: where the text is said to stand, for rules that ask. */
export type Hazard = { readonly name: string; readonly code: string; readonly file?: string };

export type Hazards = { readonly rule: string; readonly hazardous: readonly Hazard[]; readonly twins: readonly Hazard[] };
