# Packs the programs of a run for a machine that has a GPU and CUDA, and nothing to build with.
# Sourced by main.sh.
# shellcheck shell=bash disable=SC2154

# Libraries that any machine with CUDA has. glibc and libstdc++ must be at least as new there.
libraries_there='^(linux-vdso|ld-linux[a-z0-9-]*|lib(c|m|dl|rt|pthread|gcc_s|stdc[+][+]'
libraries_there+='|cuda|cudart|cublas|cublasLt))[.]so'
readonly libraries_there

# The libraries that a program needs: lines "NAME PATH", PATH empty for one that is not here.
libraries_of() {
  ldd "$1" | awk '$2 == "=>" { print $1, ($3 ~ /^\// ? $3 : "") }
                  $2 ~ /^\(/ { sub(/.*\//, "", $1); print $1, "" }'
}

# prepare FROM DIR: the programs in FROM with what they need, so that `DIR/run.sh gpu` runs them.
prepare() {
  local from=$1 to=$2 program name path
  mkdir -p "$to/bin" "$to/lib" "$to/bench"
  cp "$root/run.sh" "$to/"
  cp -r "$root/bench/gpu" "$root/bench/shapes" "$to/bench/"
  for program in "${needed_programs[@]}" "$language_model_program" "$microbench_program"; do
    [[ -f $from/$program ]] || continue
    cp -L "$from/$program" "$to/bin/"
    while read -r name path; do
      [[ ! $name =~ $libraries_there ]] || continue
      [[ -n $path ]] || { echo "gpu: $program needs $name, which is not here" >&2; return 1; }
      cp -L "$path" "$to/lib/$name"
    done < <(libraries_of "$from/$program")
  done
  echo "prepared $to; there, where a GPU is: ./run.sh gpu"
  echo "packed beside the programs: $(cd "$to/lib" && printf '%s ' *)"
  echo "needed there: $(for program in "$to"/bin/*; do libraries_of "$program"; done |
    awk -v there="$libraries_there" '$1 ~ there && $1 !~ /^(linux-vdso|ld-linux)/ { print $1 }' |
    sort -u | paste -sd' ')"
}
