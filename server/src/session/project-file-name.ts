/** What a team says for every door; see docs/quiesce-toml.md. */
export const projectFileName = "quiesce.toml";
