// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware errors: what the device reports, and the resets that follow, its own, those
 * of the PCI bus and of people; and when a device is put aside.
 *
 * The rule for all of them: memory is given up only once the device cannot reach it
 * any more.
 */
#include <linux/acpi.h>
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/timekeeping.h>

#include "qm_internal.h"
#include "qm_trace.h"

#define HOUR			3600
#define MASTER_LIMIT_US		100000
#define MASTER_IDLE		3	/* neither reads nor writes are under way */
#define MSI_LIMIT_US		1000
#define DFX0_MSI_PENDING	(BIT(0) | BIT(2))
#define DFX1_MSI_PENDING	GENMASK(19, 16)
#define ACCESS_TEST		0x5a5a		/* anything but what is there */
#define ACCESS_LIMIT_US		100
#define RESET_METHOD		"ZRST"

static const struct hisi_qm_error qm_errors[] = {
	{ QM_ERR_AXI_READ, "a read from memory failed" },
	{ QM_ERR_AXI_WRITE, "a write to memory failed" },
	{ QM_ERR_ECC_MBIT, "two bits or more of its memory are wrong" },
	{ QM_ERR_ECC_1BIT, "one bit of its memory was wrong" },
	{ QM_ERR_GET_TASK_TIMEOUT, "a task was not fetched in time" },
	{ QM_ERR_DO_TASK_TIMEOUT, "a task was not done in time" },
	{ QM_ERR_WRITE_BACK_TIMEOUT, "results were not written back in time" },
	{ QM_ERR_SQ_CQ_VF_INVALID, "SQ and CQ of a function are not valid" },
	{ QM_ERR_CQ_VF_INVALID, "CQ of a function is not valid" },
	{ QM_ERR_SQ_VF_INVALID, "SQ of a function is not valid" },
	{ QM_ERR_DB_TIMEOUT, "a doorbell was not taken in time" },
	{ QM_ERR_FIFO_OVERFLOW, "a queue overflowed" },
	{ QM_ERR_DB_RANDOM, "a doorbell of a former owner" },
	{ QM_ERR_MB_TIMEOUT, "the mailbox took too long" },
	{ QM_ERR_FLR_TIMEOUT, "a function-level reset took too long" },
	{ }
};

/* ---- what is wrong ---- */

/* It left the bus: everything reads as ones.  True only once is noted. */
bool hisi_qm_is_gone(struct hisi_qm *qm)
{
	if (test_bit(HISI_QM_GONE, &qm->flags))
		return true;
	if (hisi_qm_read(qm, QM_ERR_STATUS) != U32_MAX || pci_device_is_present(qm->pdev))
		return false;
	set_bit(HISI_QM_GONE, &qm->flags);
	pci_err(qm->pdev, "the device left the bus\n");
	return true;
}

/* Errors with which the device does nothing any more. */
u32 hisi_qm_blocking_errors(struct hisi_qm *qm)
{
	return (hisi_qm_read(qm, QM_ERR_STATUS) & qm->caps.errors.shutdown) |
	       (qm->engine->error_status(qm) & qm->caps.engine_errors.shutdown);
}

/* Errors that were not looked at yet: bits of the QM, or of the engine. */
u32 hisi_qm_pending_errors(struct hisi_qm *qm)
{
	const struct hisi_qm_caps *caps = &qm->caps;

	return (hisi_qm_read(qm, QM_ERR_STATUS) & (caps->errors.nfe | caps->errors.ce)) |
	       (qm->engine->error_status(qm) &
		(caps->engine_errors.nfe | caps->engine_errors.ce));
}

static void report(struct hisi_qm *qm, const struct hisi_qm_error *error, u32 bits)
{
	for (; error->text; error++)
		if (bits & error->bit)
			dev_err_ratelimited(&qm->pdev->dev, "error: %s\n", error->text);
}

static void report_details(struct hisi_qm *qm, u32 bits)
{
	static const char * const db_types[] = { "SQ", "CQ", "EQ", "AEQ" };
	static const char * const fifo_types[] = { "CQ", "EQ", "AEQ", "?" };
	u32 info;

	if (bits & QM_ERR_DB_TIMEOUT) {
		info = hisi_qm_read(qm, QM_ERR_DOORBELL_INFO);
		dev_err_ratelimited(&qm->pdev->dev, "doorbell: %s %lu of function %lu\n",
				    db_types[FIELD_GET(QM_ERR_INFO_TYPE, info)],
				    FIELD_GET(QM_ERR_INFO_QUEUE, info),
				    FIELD_GET(QM_ERR_INFO_FUNCTION, info));
	}
	if (bits & QM_ERR_FIFO_OVERFLOW) {
		info = hisi_qm_read(qm, QM_ERR_FIFO_INFO);
		dev_err_ratelimited(&qm->pdev->dev, "overflow: %s %lu of function %lu\n",
				    fifo_types[FIELD_GET(QM_ERR_INFO_TYPE, info)],
				    FIELD_GET(QM_ERR_INFO_QUEUE, info),
				    FIELD_GET(QM_ERR_INFO_FUNCTION, info));
	}
}

static void clear_errors(struct hisi_qm *qm, u32 bits)
{
	hisi_qm_write(qm, QM_ERR_SOURCE, bits);
	hisi_qm_write(qm, QM_RAS_NFE_ENABLE, qm->caps.errors.nfe);
	hisi_qm_write(qm, QM_RAS_CE_ENABLE, qm->caps.errors.ce);
}

/*
 * Have errors reported, or not any more.  Both open the master again that an error has
 * closed, so the device is stopped before.
 */
void hisi_qm_errors_enable(struct hisi_qm *qm, bool on)
{
	const struct hisi_qm_masks *masks = &qm->caps.errors;
	bool v3 = qm->caps.version >= QM_HW_V3;

	if (on) {
		hisi_qm_write(qm, QM_ERR_SOURCE, U32_MAX);
		hisi_qm_write(qm, QM_RAS_CE_ENABLE, masks->ce);
		hisi_qm_write(qm, QM_RAS_CE_THRESHOLD, 1);
		hisi_qm_write(qm, QM_RAS_NFE_ENABLE, masks->nfe);
		hisi_qm_write(qm, QM_RAS_FE_ENABLE, 0);
	}
	if (v3)
		hisi_qm_write(qm, QM_SHUTDOWN_SELECT, on ? masks->shutdown : 0);
	hisi_qm_write(qm, QM_ERR_MASK, on ? ~(masks->nfe | masks->ce) : U32_MAX);
	qm->engine->error_enable(qm, on);
}

/* ---- isolation ---- */

/* With isolate_lock. */
static u32 recent_resets(const struct hisi_qm *qm)
{
	time64_t now = ktime_get_boottime_seconds();
	u32 i, n = 0;

	for (i = 0; i < min_t(u32, qm->n_resets, qm->isolate_threshold + 1); i++)
		n += now - qm->reset_times[i] < HOUR;
	return n;
}

static void note_reset(struct hisi_qm *qm)
{
	spin_lock_bh(&qm->isolate_lock);
	if (qm->reset_times)
		qm->reset_times[qm->n_resets++ % (qm->isolate_threshold + 1)] =
			ktime_get_boottime_seconds();
	spin_unlock_bh(&qm->isolate_lock);
}

bool hisi_qm_is_isolated(struct hisi_qm *qm)
{
	bool isolated;

	spin_lock_bh(&qm->isolate_lock);
	isolated = test_bit(HISI_QM_ISOLATED, &qm->flags) ||
		   (qm->isolate_threshold && recent_resets(qm) > qm->isolate_threshold);
	spin_unlock_bh(&qm->isolate_lock);
	return isolated;
}

/* ---- resets ---- */

/* Neither requests nor a command. */
bool hisi_qm_does_nothing(struct hisi_qm *qm)
{
	return hisi_qm_read(qm, QM_DFX_IDLE) & 1 && !(hisi_qm_read(qm, QM_MB) & QM_MB_BUSY);
}

/*
 * Keep the device from memory: false if it would not tell that nothing is under way,
 * and the PCI bus had to.  Only a reset brings it back then: what it had would go on.
 */
bool hisi_qm_shut_master(struct hisi_qm *qm)
{
	u16 command;

	set_bit(HISI_QM_MAILBOX_DEAD, &qm->flags);
	if (hisi_qm_is_gone(qm))
		return true;
	hisi_qm_write(qm, QM_AXI_CTRL, 1);
	/* All bits, as a device that cannot be read has not told anything. */
	if (!wd_hisi_qm_poll(qm, QM_AXI_RETURNED, U32_MAX, MASTER_IDLE, MASTER_LIMIT_US))
		return true;
	pci_clear_master(qm->pdev);
	/* What it wrote before that is in memory once a read has come back. */
	pci_read_config_word(qm->pdev, PCI_COMMAND, &command);
	hisi_qm_read(qm, QM_AXI_RETURNED);
	return false;
}

/* V2 wants them masked rather than off. */
static bool has_msi_mask(const struct hisi_qm *qm, u16 control)
{
	return qm->caps.version < QM_HW_V3 && control & PCI_MSI_FLAGS_MASKBIT &&
	       control & PCI_MSI_FLAGS_64BIT;
}

/* Interrupts are writes to memory, too.  Return: for msi_on(). */
static u32 msi_off(struct hisi_qm *qm)
{
	int pos = qm->pdev->msi_cap;
	u16 control;
	u32 mask;

	pci_read_config_word(qm->pdev, pos + PCI_MSI_FLAGS, &control);
	if (has_msi_mask(qm, control)) {
		pci_read_config_dword(qm->pdev, pos + PCI_MSI_MASK_64, &mask);
		pci_write_config_dword(qm->pdev, pos + PCI_MSI_MASK_64, U32_MAX);
		return mask;
	}
	pci_write_config_word(qm->pdev, pos + PCI_MSI_FLAGS, control & ~PCI_MSI_FLAGS_ENABLE);
	return 0;
}

static void msi_on(struct hisi_qm *qm, u32 mask)
{
	int pos = qm->pdev->msi_cap;
	u16 control;

	pci_read_config_word(qm->pdev, pos + PCI_MSI_FLAGS, &control);
	if (has_msi_mask(qm, control))
		pci_write_config_dword(qm->pdev, pos + PCI_MSI_MASK_64, mask);
	else
		pci_write_config_word(qm->pdev, pos + PCI_MSI_FLAGS,
				      control | PCI_MSI_FLAGS_ENABLE);
}

static void memory_enable(struct hisi_qm *qm, bool on)
{
	u16 command;

	pci_read_config_word(qm->pdev, PCI_COMMAND, &command);
	command = on ? command | PCI_COMMAND_MEMORY : command & ~PCI_COMMAND_MEMORY;
	pci_write_config_word(qm->pdev, PCI_COMMAND, command);
	/* The read returns when it has taken effect. */
	pci_read_config_word(qm->pdev, PCI_COMMAND, &command);
}

/*
 * Wait for those that are under way.  V2 must not be reset before; but with its master
 * shut by bad memory what it has stays.  V3 may be reset all the same.
 */
static int wait_msi(struct hisi_qm *qm, bool bad_memory)
{
	bool late;

	if (qm->caps.version < QM_HW_V3)
		return bad_memory ? 0 : wd_hisi_qm_poll(qm, QM_PEH_DFX0, U32_MAX, 0,
							MSI_LIMIT_US);
	late = wd_hisi_qm_poll(qm, QM_PEH_DFX0, DFX0_MSI_PENDING, 0, MSI_LIMIT_US);
	late |= wd_hisi_qm_poll(qm, QM_PEH_DFX1, DFX1_MSI_PENDING, 0, MSI_LIMIT_US) != 0;
	if (late)
		pci_warn(qm->pdev, "interrupts are still under way: reset all the same\n");
	return 0;
}

/* ---- what only V2 needs ---- */

/* Whether writes to registers arrive, with one that nothing depends on. */
static int test_access(struct hisi_qm *qm)
{
	static const u32 values[] = { ACCESS_TEST, HISI_PCI_VENDOR };
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(values) && !ret; i++) {
		hisi_qm_write(qm, QM_PEH_VENDOR_ID, values[i]);
		ret = wd_hisi_qm_poll(qm, QM_PEH_VENDOR_ID, U32_MAX, values[i],
				      ACCESS_LIMIT_US);
	}
	if (ret)
		pci_err(qm->pdev, "does not take what is written to its registers\n");
	return ret;
}

/* Before the stop.  Later versions shut the master by themselves. */
static bool has_bad_memory(struct hisi_qm *qm)
{
	bool qm_bad = hisi_qm_read(qm, QM_ERR_STATUS) & QM_ERR_ECC_MBIT;

	if (qm->caps.version >= QM_HW_V3)
		return false;
	return qm->engine->shut_for_bad_memory(qm, qm_bad) || qm_bad;
}

/*
 * After the reset and before the device is started: what was wrong in its memories is
 * forgotten, and meanwhile the port that interrupts are written by is off.
 */
static void forget_bad_memory(struct hisi_qm *qm)
{
	hisi_qm_write(qm, QM_AM_WRITE_ENABLE,
		      hisi_qm_read(qm, QM_AM_WRITE_ENABLE) & ~QM_AM_WRITE_MSI);
	qm->engine->error_clear(qm, U32_MAX);
	clear_errors(qm, QM_ERR_ECC_MBIT);
	hisi_qm_write(qm, QM_AM_ROB_ECC, QM_AM_ROB_ECC_MBIT);
}

static void open_msi_port(struct hisi_qm *qm)
{
	hisi_qm_write(qm, QM_AM_WRITE_ENABLE,
		      hisi_qm_read(qm, QM_AM_WRITE_ENABLE) | QM_AM_WRITE_MSI);
}

/* ---- */

static int call_firmware(struct hisi_qm *qm)
{
#ifdef CONFIG_ACPI
	acpi_handle handle = ACPI_HANDLE(&qm->pdev->dev);
	unsigned long long result = 0;
	acpi_status status;

	if (handle && acpi_has_method(handle, RESET_METHOD)) {
		status = acpi_evaluate_integer(handle, RESET_METHOD, NULL, &result);
		if (ACPI_SUCCESS(status) && !result)
			return 0;
		pci_err(qm->pdev, "the firmware could not reset the device (%llu)\n", result);
		return -EIO;
	}
#endif
	pci_err(qm->pdev, "the firmware has no method to reset the device; try \"echo 1 >/sys/bus/pci/devices/%s/reset\"\n",
		pci_name(qm->pdev));
	return -EOPNOTSUPP;
}

/*
 * The device was stopped.  On return it cannot reach memory, or was reset.  To reset it
 * with transactions under way could lock up the bus, for everybody.
 */
static int reset_controller(struct hisi_qm *qm, bool bad_memory)
{
	int ret = 0;
	u32 mask;

	if (hisi_qm_is_gone(qm))
		return -ENODEV;
	if (qm->caps.version < QM_HW_V3)
		ret = test_access(qm);
	mask = msi_off(qm);
	if (!ret)
		ret = wait_msi(qm, bad_memory);
	/* Idle queues are not all: contexts, too, are written to memory. */
	if (!hisi_qm_shut_master(qm)) {
		pci_err(qm->pdev, "does not end what it does with memory: not reset by firmware\n");
		ret = -EBUSY;
	}
	if (!ret) {
		hisi_qm_engine_rest(qm);
		memory_enable(qm, false);
		ret = call_firmware(qm);
		memory_enable(qm, true);
	}
	msi_on(qm, mask);
	return ret;
}

/*
 * Until somebody resets it.  A start that failed may have asked for a reset, too: one
 * after the other, for ever, if what it failed for stays.
 */
static void stay_stopped(struct hisi_qm *qm)
{
	clear_bit(HISI_QM_RESET_DUE, &qm->flags);
	set_bit(HISI_QM_ISOLATED, &qm->flags);
	atomic_inc(&qm->counters.failed_resets);
}

/* With the QM's lock. */
static void reset_device(struct hisi_qm *qm)
{
	bool bad_memory = has_bad_memory(qm);
	int ret;

	note_reset(qm);
	hisi_qm_stop_device(qm);
	ret = reset_controller(qm, bad_memory);
	/* What did not end during the stop has asked for this very reset. */
	clear_bit(HISI_QM_RESET_DUE, &qm->flags);
	if (!ret) {
		clear_bit(HISI_QM_MAILBOX_DEAD, &qm->flags);
		pci_set_master(qm->pdev);
		if (bad_memory)
			forget_bad_memory(qm);
		ret = hisi_qm_start_device(qm, true);
		if (bad_memory)
			open_msi_port(qm);
	}
	trace_hisi_qm_reset(qm, "controller reset", ret);
	if (ret) {
		stay_stopped(qm);
		pci_err(qm->pdev, "out of use (%d)\n", ret);
		return;
	}
	/* It may have been put aside for a start that failed before. */
	clear_bit(HISI_QM_ISOLATED, &qm->flags);
	atomic_inc(&qm->counters.resets);
	pci_info(qm->pdev, "reset; in use again\n");
}

/* Stop and start without a reset, for what only the rings suffered from. */
void hisi_qm_restart(struct hisi_qm *qm)
{
	int ret;

	lockdep_assert_held(&qm->lock);
	hisi_qm_stop_device(qm);
	/* One that had to be cut off still has what it would go on with. */
	ret = test_bit(HISI_QM_MAILBOX_DEAD, &qm->flags) ?
		      -EIO : hisi_qm_start_device(qm, false);
	trace_hisi_qm_reset(qm, "restart", ret);
	if (ret)
		hisi_qm_reset_later(qm);
}

/* Any context. */
void hisi_qm_reset_later(struct hisi_qm *qm)
{
	set_bit(HISI_QM_RESET_DUE, &qm->flags);
	if (!test_bit(HISI_QM_REMOVING, &qm->flags))
		queue_work(qm->work_queue, &qm->error_work);
}

static void leave_bus(struct hisi_qm *qm)
{
	if (hisi_qm_runs(qm))
		hisi_qm_stop_device(qm);
}

static void look_at_errors(struct hisi_qm *qm)
{
	bool due = test_and_clear_bit(HISI_QM_RESET_DUE, &qm->flags);
	u32 bits = hisi_qm_read(qm, QM_ERR_STATUS) &
		   (qm->caps.errors.nfe | qm->caps.errors.ce);
	u32 engine_bits = qm->engine->error_status(qm) &
			  (qm->caps.engine_errors.nfe | qm->caps.engine_errors.ce);

	if (bits || engine_bits) {
		trace_hisi_qm_error(qm, bits, engine_bits);
		report(qm, qm_errors, bits);
		report_details(qm, bits);
		report(qm, qm->engine->errors, engine_bits);
		if (engine_bits && qm->engine->error_details)
			qm->engine->error_details(qm, engine_bits);
	}
	if (due || bits & qm->caps.errors.reset ||
	    engine_bits & qm->caps.engine_errors.reset) {
		reset_device(qm);
		return;
	}
	if (bits)
		clear_errors(qm, bits);
	if (engine_bits)
		qm->engine->error_clear(qm, engine_bits);
}

/*
 * Registers of a device that sleeps, or is just being reset, must not be read; and one
 * that was removed must not be started again.  With the QM's lock.
 */
static bool may_look(const struct hisi_qm *qm)
{
	if (test_bit(HISI_QM_ASLEEP, &qm->flags) || test_bit(HISI_QM_REMOVING, &qm->flags))
		return false;
	return hisi_qm_runs(qm) || test_bit(HISI_QM_RESET_DUE, &qm->flags);
}

static void error_work(struct work_struct *work)
{
	struct hisi_qm *qm = container_of(work, struct hisi_qm, error_work);

	mutex_lock(&qm->lock);
	if (may_look(qm)) {
		if (hisi_qm_is_gone(qm))
			leave_bus(qm);
		else
			look_at_errors(qm);
	}
	mutex_unlock(&qm->lock);
}

void hisi_qm_errors_init(struct hisi_qm *qm)
{
	INIT_WORK(&qm->error_work, error_work);
	spin_lock_init(&qm->isolate_lock);
}

/* ---- resets by others, and sleep ---- */

static void fall_asleep(struct hisi_qm *qm)
{
	mutex_lock(&qm->lock);
	set_bit(HISI_QM_ASLEEP, &qm->flags);
	hisi_qm_stop_device(qm);
	hisi_qm_rest(qm);
	mutex_unlock(&qm->lock);
}

/* Who resets functions does not say whether that worked. */
static int was_reset(struct hisi_qm *qm, bool cut_off)
{
	if (hisi_qm_is_gone(qm))
		return -ENODEV;
	if (cut_off && !hisi_qm_does_nothing(qm)) {
		pci_err(qm->pdev, "goes on with what it was cut off from\n");
		return -EIO;
	}
	return 0;
}

/* @fresh: it may have lost its memory. */
static int wake_up_device(struct hisi_qm *qm, const char *why, bool fresh)
{
	bool cut_off;
	int ret;

	mutex_lock(&qm->lock);
	clear_bit(HISI_QM_ASLEEP, &qm->flags);
	clear_bit(HISI_QM_GONE, &qm->flags);
	cut_off = test_and_clear_bit(HISI_QM_MAILBOX_DEAD, &qm->flags);
	clear_bit(HISI_QM_RESET_DUE, &qm->flags);
	clear_bit(HISI_QM_ISOLATED, &qm->flags);
	ret = was_reset(qm, cut_off);
	if (!ret) {
		pci_set_master(qm->pdev);
		ret = hisi_qm_start_device(qm, fresh);
	} else if (cut_off) {
		set_bit(HISI_QM_MAILBOX_DEAD, &qm->flags);
	}
	trace_hisi_qm_reset(qm, why, ret);
	if (ret) {
		stay_stopped(qm);
		pci_err(qm->pdev, "out of use after %s (%d)\n", why, ret);
	} else {
		atomic_inc(&qm->counters.resets);
	}
	mutex_unlock(&qm->lock);
	return ret;
}

static void on_reset_prepare(struct pci_dev *pdev)
{
	fall_asleep(pci_get_drvdata(pdev));
}

static void on_reset_done(struct pci_dev *pdev)
{
	wake_up_device(pci_get_drvdata(pdev), "a function-level reset", false);
}

static pci_ers_result_t on_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	if (state == pci_channel_io_normal)
		return PCI_ERS_RESULT_CAN_RECOVER;
	pci_err(pdev, "PCI error, channel state %d\n", state);
	fall_asleep(pci_get_drvdata(pdev));
	return state == pci_channel_io_frozen ? PCI_ERS_RESULT_NEED_RESET :
						PCI_ERS_RESULT_DISCONNECT;
}

static pci_ers_result_t on_slot_reset(struct pci_dev *pdev)
{
	struct hisi_qm *qm = pci_get_drvdata(pdev);

	pci_restore_state(pdev);
	/* Another device on the bus wanted the reset. */
	if (!test_bit(HISI_QM_ASLEEP, &qm->flags))
		fall_asleep(qm);
	return wake_up_device(qm, "a PCI error", true) ? PCI_ERS_RESULT_DISCONNECT :
							 PCI_ERS_RESULT_RECOVERED;
}

/* For the engine's PCI driver. */
const struct pci_error_handlers wd_hisi_qm_error_handlers = {
	.error_detected = on_error_detected,
	.slot_reset = on_slot_reset,
	.reset_prepare = on_reset_prepare,
	.reset_done = on_reset_done,
};
WD_EXPORT_SYMBOL(wd_hisi_qm_error_handlers);

static int __maybe_unused on_suspend(struct device *dev)
{
	fall_asleep(dev_get_drvdata(dev));
	return 0;
}

/* One that was put aside; or that was cut off, and has not lost its power. */
static bool needs_reset(struct hisi_qm *qm)
{
	if (test_bit(HISI_QM_RESET_DUE, &qm->flags) ||
	    test_bit(HISI_QM_ISOLATED, &qm->flags))
		return true;
	return test_bit(HISI_QM_MAILBOX_DEAD, &qm->flags) &&
	       hisi_qm_read(qm, QM_AXI_CTRL) & 1;
}

static int __maybe_unused on_resume(struct device *dev)
{
	struct hisi_qm *qm = dev_get_drvdata(dev);

	if (needs_reset(qm)) {
		clear_bit(HISI_QM_ASLEEP, &qm->flags);
		hisi_qm_reset_later(qm);
		return 0;
	}
	return wake_up_device(qm, "sleep", true);
}

/* The same. */
const struct dev_pm_ops wd_hisi_qm_pm_ops = {
	SET_SYSTEM_SLEEP_PM_OPS(on_suspend, on_resume)
};
WD_EXPORT_SYMBOL(wd_hisi_qm_pm_ops);
