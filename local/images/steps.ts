/** Reads what buildah and docker print while they build, and says where they are: `code-server (3/6)`. */
export function stepReader(): (line: string) => string | undefined {
  /** buildah names a stage only where it begins: `[2/4] STEP 1/6: FROM base AS node`. */
  const stages = new Map<string, string>();
  return (line) => {
    const buildah = /^\[(\d+)\/\d+\] STEP (\d+\/\d+): (.*)/.exec(line);
    if (buildah) {
      const [, stage = "", step = "", instruction = ""] = buildah;
      const name = /^FROM \S+ AS (\S+)/i.exec(instruction)?.[1];
      if (name !== undefined) stages.set(stage, name);
      return `${stages.get(stage) ?? `stage ${stage}`} (${step})`;
    }
    const docker = /^#\d+ \[([\w-]+) +(\d+\/\d+)\]/.exec(line);
    return docker ? `${docker[1] ?? ""} (${docker[2] ?? ""})` : undefined;
  };
}
