"""Consumes every topic with a prefix from the beginning to its end with confluent-kafka's own registry client and Avro
deserializer, and prints each record as a line of JSON.

    stock_client.py BROKERS REGISTRY_URL TOPIC_PREFIX
"""

import json
import sys
import uuid

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

TIMEOUT_S = 30

brokers, registry_url, prefix = sys.argv[1:]
deserialize = AvroDeserializer(SchemaRegistryClient({"url": registry_url}))
consumer = Consumer({
    "bootstrap.servers": brokers,
    "group.id": f"stock-client-{uuid.uuid4()}",
    "enable.auto.commit": False,
    "enable.partition.eof": False,
})

missing = {}
for topic, metadata in consumer.list_topics(timeout=TIMEOUT_S).topics.items():
    if not topic.startswith(prefix):
        continue
    for number in metadata.partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=TIMEOUT_S)
        if high > low:
            missing[(topic, number)] = high - low
consumer.assign([TopicPartition(topic, number, 0) for topic, number in missing])

while missing:
    message = consumer.poll(TIMEOUT_S)
    if message is None:
        sys.exit(f"no record within {TIMEOUT_S} s; still missing: {missing}")
    if message.error():
        sys.exit(str(message.error()))
    topic, number = message.topic(), message.partition()
    headers = {name: value.decode() for name, value in message.headers()}
    print(json.dumps({
        "topic": topic.removeprefix(prefix),
        "key": message.key().decode(),
        "position": int(headers["position"]),
        "value": deserialize(message.value(), SerializationContext(topic, MessageField.VALUE)),
    }))
    missing[(topic, number)] -= 1
    if not missing[(topic, number)]:
        del missing[(topic, number)]
consumer.close()
