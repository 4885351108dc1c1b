/* SPDX-License-Identifier: MIT */
/*
 * Makes the seeds of fuzz_sim_registers: what a driver does on each of the models, and
 * the same with each operation, event and kind of mailbox write among it.
 */
#include <string.h>

#include "seeds.h"
#include "sim_program.h"

#define MODELS 5
#define EVENTS (SIM_EVENT_FAULT + 43)
#define PLACES 86

struct bytes {
	uint8_t data[512];
	size_t len;
};

static void add(struct bytes *b, const uint8_t *data, size_t len)
{
	if (len > sizeof(b->data) - b->len)
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

#define ADD(b, ...) do {						\
	const uint8_t bytes_[] = { __VA_ARGS__ };			\
									\
	add(b, bytes_, sizeof(bytes_));					\
} while (0)

static void begin(struct bytes *b, uint8_t model)
{
	b->len = 0;
	ADD(b, model, SIM_OP_START, SIM_OP_QUEUE, 0, 0, 31, SIM_OP_QUEUE, 1, 1, 31);
}

static void add_requests(struct bytes *b, uint8_t flags)
{
	ADD(b, SIM_OP_MEMORY, 0, 0x80, 12, 'q', 'u', 'e', 'u', 'e', 'q', 'u', 'e', 'u',
	    'e', 1, 2, 3);
	ADD(b, SIM_OP_REQUEST, 0, 1, 100, flags, SIM_OP_REQUEST, 0, 2, 100, flags,
	    SIM_OP_REQUEST, 1, 1, 100, flags);
	ADD(b, SIM_OP_EVENT, SIM_EVENT_STEP, SIM_OP_TAKE, 0, 1, 1, SIM_OP_TAKE, 1, 0, 2);
}

static void request_seeds(uint8_t model, t_seed_fn fn, void *arg)
{
	struct bytes b;

	for (uint8_t flags = 0; flags < 16; flags++) {
		begin(&b, model);
		add_requests(&b, flags);
		add_requests(&b, flags ^ SIM_REQUEST_SGL);
		fn(arg, b.data, b.len);
	}
}

static void event_seeds(uint8_t model, t_seed_fn fn, void *arg)
{
	struct bytes b;

	for (uint8_t event = 0; event < EVENTS; event++) {
		begin(&b, model);
		ADD(&b, SIM_OP_EVENT, event);
		add_requests(&b, 0);
		ADD(&b, SIM_OP_START, SIM_OP_QUEUE, 0, 0, 31, SIM_OP_EVENT, event);
		add_requests(&b, SIM_REQUEST_SGL);
		fn(arg, b.data, b.len);
	}
}

static void mailbox_seeds(uint8_t model, t_seed_fn fn, void *arg)
{
	struct bytes b;

	for (uint8_t cmd = 0; cmd < 16; cmd++) {
		begin(&b, model);
		add_requests(&b, 0);
		for (uint8_t shape = 0; shape < SIM_MAILBOX_SHAPES; shape++)
			ADD(&b, SIM_OP_MAILBOX, cmd, shape % 2, 0x40, shape,
			    SIM_OP_MAILBOX, cmd, shape % 2, 0x40,
			    shape | SIM_MAILBOX_READ);
		add_requests(&b, 0);
		fn(arg, b.data, b.len);
	}
}

static void register_seeds(uint8_t model, t_seed_fn fn, void *arg)
{
	struct bytes b = { .len = 0 };

	begin(&b, model);
	for (uint8_t place = 0; place < PLACES; place++)
		ADD(&b, SIM_OP_READ, place, 2);
	fn(arg, b.data, b.len);
	for (uint8_t place = 0; place < PLACES; place++) {
		begin(&b, model);
		ADD(&b, SIM_OP_READ, place, 3, SIM_OP_WRITE, place, 1, 0, 0, 0);
		add_requests(&b, 0);
		ADD(&b, SIM_OP_WRITE, place, 0xff, 0xff, 0xff, 0xff, SIM_OP_READ, place,
		    2);
		fn(arg, b.data, b.len);
	}
}

static void access_seeds(uint8_t model, t_seed_fn fn, void *arg)
{
	struct bytes b;

	begin(&b, model);
	for (uint8_t width = 0; width < 16; width++)
		ADD(&b, SIM_OP_ACCESS, 0, 0, 3, 0, width, SIM_OP_ACCESS, SIM_ACCESS_BAR4,
		    0, 0x10, width, width, SIM_OP_ACCESS,
		    SIM_ACCESS_OTHER_BAR | (width << 4 & 0x70), 0, 0, 0, 3);
	ADD(&b, SIM_OP_DOORBELL, 0, 0, 5, 0, 0, 0, SIM_OP_DOORBELL, 9, 1, 0, 1, 1, 0);
	ADD(&b, SIM_OP_DOORBELL, 0, 2, 5, 0, 0, 0, SIM_OP_DOORBELL, 0, 3, 0, 0, 0, 0);
	fn(arg, b.data, b.len);
}

void t_seeds(t_seed_fn fn, void *arg)
{
	for (uint8_t model = 0; model < MODELS; model++) {
		request_seeds(model, fn, arg);
		event_seeds(model, fn, arg);
		mailbox_seeds(model, fn, arg);
		register_seeds(model, fn, arg);
		access_seeds(model, fn, arg);
	}
}
