# Starts a PostgreSQL server for tests and stops it when no test process is left.
# Arguments: the shared folder, the server's folder, the port, and the words that start `postgres`.
home=$1 folder=$2 port=$3
shift 3

"$@" -D "$folder/data" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
    -c max_connections=300 -c shared_buffers=64MB -c jit=off \
    >>"$folder/log" 2>&1 &
server=$!

forget() {
    if [ "$(head -n 1 "$home/state" 2>/dev/null)" = "$folder" ]; then rm -f "$home/state"; fi
}

idle=0
while : >"$folder/kept" && sleep 2; do
    if ! kill -0 "$server" 2>/dev/null; then
        forget
        : >"$folder/gone"
        # The one who started it may want to read the log.
        sleep 5
        break
    fi
    alive=no
    for user in "$home"/users/*; do
        if kill -0 "${user##*/}" 2>/dev/null; then alive=yes; else rm -f "$user"; fi
    done
    if [ $alive = yes ]; then idle=0; continue; fi
    idle=$((idle + 1))
    # First out of sight, then a last look for users, then the end.
    if [ $idle -eq 15 ]; then forget; fi
    if [ $idle -ge 17 ]; then
        kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null
        wait "$server"
        break
    fi
done
rm -rf "$folder"
