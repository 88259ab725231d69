# shellcheck shell=bash
# A private Apache Kafka: one node that is broker and controller at once (KRaft), started straight from
# its jars, which Maven fetches once for both sets.

kafka_jars() { printf '%s/kafka-%s' "$STATE" "$KAFKA_VERSION"; }

fetch_kafka() {
  local jars
  jars=$(kafka_jars)
  [[ ! -d $jars ]] || return 0
  note "fetching Kafka $KAFKA_VERSION and what it needs, once, with Maven"
  rm -rf -- "$jars.new"
  quietly "$STATE/log/maven.log" mvn -B -f "$ROOM/kafka/pom.xml" "-Dkafka.version=$KAFKA_VERSION" \
    "-DoutputDirectory=$jars.new" "-DbuildDirectory=$STATE/maven" dependency:copy-dependencies ||
    die "Maven could not fetch Kafka $KAFKA_VERSION" "check the network or Maven's settings, then run the command again"
  # The rename makes it all or nothing.
  mv -- "$jars.new" "$jars"
}

kafka_pid() { running_pid "$(run_dir "$1")/kafka.pid"; }

kafka_settings() { # kafka_settings SET HOME
  local port controller
  port=$(port_of "$1" kafka)
  controller=$(port_of "$1" kafka_controller)
  cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$2/data
# A topic exists because the relay made it, never because somebody mistyped a name.
auto.create.topics.enable=false
num.partitions=6
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=6
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=6
# The stream is a copy of the log: it keeps everything, and so do its readers' places.
log.retention.ms=-1
log.retention.bytes=-1
offsets.retention.minutes=5256000
group.initial.rebalance.delay.ms=0
# After a crash the broker is let in again only when its old session has run out.
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1000
PROPERTIES
}

kafka_command() { # kafka_command HOME CLASS ARGUMENTS...: sets KAFKA_COMMAND
  local home=$1
  shift
  KAFKA_COMMAND=(java -Xms128m "-Xmx${KAFKA_HEAP_MB}m" -XX:+UseG1GC -Djava.awt.headless=true
    "-Dlog4j.configuration=file:$ROOM/kafka/log4j.properties" "-Dkafka.log=$home/kafka.log"
    -cp "$(kafka_jars)/*" "$@")
}

format_kafka_storage() { # only the first time: the folder remembers its cluster
  local home=$1 id
  [[ ! -f $home/data/meta.properties ]] || return 0
  # A cluster id is 16 random bytes in URL-safe base64; the letter in front keeps it from looking like an option.
  id="c$(head -c 32 /dev/urandom | base64 -w 0 | tr -d '+/=' | cut -c 1-20)A"
  kafka_command "$home" kafka.tools.StorageTool format -t "$id" -c "$home/server.properties"
  "${KAFKA_COMMAND[@]}" >"$home/format.log" 2>&1 </dev/null || {
    last_lines "$home/format.log"
    die "Kafka could not prepare its data folder $home/data" "read the lines above; is the disk full?"
  }
}

# kafka_answers PORT: asks the first question of Kafka's protocol (ApiVersions, version 0) and looks for
# our correlation id in the answer: an open port alone does not yet serve clients.
kafka_answers() {
  local reply
  reply=$({
    exec 3<>"/dev/tcp/127.0.0.1/$1" &&
      printf '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff' >&3 &&
      timeout 2 head -c 10 <&3 | od -An -tx1 | tr -d ' \n'
  } 2>/dev/null)
  [[ ${reply:8:12} == 000000070000 ]]
}

start_kafka() { # start_kafka SET
  local set=$1 port home pid_file log
  make_state_folders "$set"
  fetch_kafka
  port=$(port_of "$set" kafka)
  pid_file="$(run_dir "$set")/kafka.pid"
  home="$(set_dir "$set")/kafka"
  log=$(log_file "$set" kafka)
  if kafka_pid "$set" >/dev/null; then
    [[ $(recorded_port "$set" kafka) != "$port" ]] || return 0
    stop_kafka "$set"
  fi
  require_free_port "$set" kafka
  require_free_port "$set" kafka_controller
  mkdir -p -- "$home"
  ln -sfn -- "$home/kafka.log" "$log"
  kafka_settings "$set" "$home" >"$home/server.properties"
  format_kafka_storage "$home"
  # What the JVM itself says (out of memory, bad option) goes beside the broker's own log.
  : >"$home/console.log"
  kafka_command "$home" kafka.Kafka "$home/server.properties"
  start_detached "$pid_file" "$home/console.log" "${KAFKA_COMMAND[@]}"
  wait_until "$KAFKA_READY_SECONDS" "$pid_file" kafka_answers "$port" || {
    last_lines "$home/console.log"
    last_lines "$home/kafka.log"
    die "Kafka did not answer on port $port within $KAFKA_READY_SECONDS s" "read the lines above, then run the command again"
  }
  record_port "$set" kafka "$port"
  record_port "$set" kafka_controller "$(port_of "$set" kafka_controller)"
}

stop_kafka() { stop_detached "$(run_dir "$1")/kafka.pid" "$SERVER_STOP_SECONDS"; }

kafka_brokers() { printf '127.0.0.1:%s' "$(port_of "$1" kafka)"; }
