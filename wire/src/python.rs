//! The Python module `sensor._wire`. Work runs with the GIL released; only batches and numbers cross.

use crate::flow::limits::{MAX_ACTIVE_S, MAX_PAYLOAD_HEAD, MAX_TIMEOUT_S, Options, SECOND};
use crate::meter::{Mode, Runner};
use crate::proto::Secrets;
use crate::source::digest::{self, Algorithm};
use crate::source::writer::{PcapWriter, links_of};
use arrow_array::ffi::to_ffi;
use arrow_array::{Array, RecordBatch, StructArray};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyDict, PyTuple};
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// One batch of rows; `pyarrow.record_batch(batch)` takes it without a copy.
#[pyclass(frozen)]
struct Batch {
    batch: RecordBatch,
}

#[pymethods]
impl Batch {
    /// Arrow `PyCapsule` interface: (schema, array).
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // The reader casts if it wants another schema; the interface allows ignoring the request.
        drop(requested_schema);
        let array = StructArray::from(self.batch.clone()).into_data();
        let (array, schema) =
            to_ffi(&array).map_err(|err| PyRuntimeError::new_err(err.to_string()))?;
        let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
        let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
        PyTuple::new(py, [schema, array])
    }

    /// Rows.
    #[getter]
    fn num_rows(&self) -> usize {
        self.batch.num_rows()
    }
}

/// Meters one capture file; call `read` until it returns `None`.
#[pyclass(frozen)]
struct Meter {
    runner: Mutex<Runner>,
}

const TIMEOUT_KEYS: &str =
    "syn, half_open, established, fin, closed, udp_one, udp_both, dns, icmp, other, ics";

fn seconds(name: &str, value: f64, low: f64, high: i64) -> PyResult<i64> {
    #[expect(clippy::cast_precision_loss, reason = "both bounds are exact")]
    let high = high as f64;
    if !(low..=high).contains(&value) {
        return Err(PyValueError::new_err(format!(
            "meter options: {name} = {value}; allowed: {low} to {high} seconds; choose a value in that range"
        )));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "bounded just above"
    )]
    let ns = (value * SECOND as f64).round() as i64;
    Ok(ns)
}

fn set_timeouts(options: &mut Options, given: &Bound<'_, PyDict>) -> PyResult<()> {
    let limits = &mut options.timeouts;
    for (key, value) in given {
        let name: String = key.extract()?;
        let value: f64 = value.extract()?;
        let place = match name.as_str() {
            "syn" => &mut limits.syn,
            "half_open" => &mut limits.half_open,
            "established" => &mut limits.established,
            "fin" => &mut limits.fin,
            "closed" => &mut limits.closed,
            "udp_one" => &mut limits.udp_one,
            "udp_both" => &mut limits.udp_both,
            "dns" => &mut limits.dns,
            "icmp" => &mut limits.icmp,
            "other" => &mut limits.other,
            "ics" => &mut limits.ics,
            _ => {
                return Err(PyValueError::new_err(format!(
                    "meter options: unknown time-out '{name}'; allowed: {TIMEOUT_KEYS}; correct the name"
                )));
            }
        };
        *place = seconds(&name, value, 0.001, MAX_TIMEOUT_S)?;
    }
    Ok(())
}

fn is_double(floats: &str) -> PyResult<bool> {
    match floats {
        "single" => Ok(false),
        "double" => Ok(true),
        _ => Err(PyValueError::new_err(format!(
            "meter options: floats = '{floats}'; allowed: single (as stored), double (as computed); correct the value"
        ))),
    }
}

fn options_from(py: Python<'_>, json: &str) -> PyResult<(Options, Mode)> {
    let loaded = py.import("json")?.call_method1("loads", (json,))?;
    let given = loaded.cast::<PyDict>().map_err(|_| {
        PyValueError::new_err("meter options: not a JSON object; give {\"name\": value, …}")
    })?;
    let mut options = Options::default();
    let mut mode = Mode::Meter;
    for (key, value) in given {
        let name: String = key.extract()?;
        match name.as_str() {
            "timeouts" => set_timeouts(
                &mut options,
                value.cast::<PyDict>().map_err(|_| {
                    PyValueError::new_err("meter options: timeouts is not an object")
                })?,
            )?,
            "active_s" => {
                options.timeouts.active = seconds(&name, value.extract()?, 0.0, MAX_ACTIVE_S)?;
            }
            "max_flows" => {
                options.max_flows = value.extract()?;
                if !(16..=100_000_000).contains(&options.max_flows) {
                    return Err(PyValueError::new_err(format!(
                        "meter options: max_flows = {}; allowed: 16 to 100000000 flows; about 450 B each",
                        options.max_flows
                    )));
                }
            }
            "vlan_in_key" => options.vlan_in_key = value.extract()?,
            "dedup_us" => options.dedup = value.extract::<i64>()?.clamp(0, 1_000_000_000) * 1000,
            "ext" => options.ext = value.extract()?,
            "payload_head" => options.payload_head = payload_head(value.extract()?)?,
            "parsers" => options.parsers = value.extract()?,
            "floats" => options.wide_floats = is_double(&value.extract::<String>()?)?,
            "emit" => match value.extract::<bool>() {
                Ok(emit) => options.emit = emit,
                Err(_) => mode = Mode::ReadOnly,
            },
            _ => {
                return Err(PyValueError::new_err(format!(
                    "meter options: unknown key '{name}'; allowed: timeouts, active_s, max_flows, vlan_in_key, dedup_us, ext, payload_head, parsers, floats, emit; correct the name"
                )));
            }
        }
    }
    Ok((options, mode))
}

fn payload_head(bytes: usize) -> PyResult<usize> {
    if bytes > MAX_PAYLOAD_HEAD {
        return Err(PyValueError::new_err(format!(
            "payload_head: {bytes} bytes; allowed: 0 to {MAX_PAYLOAD_HEAD}; correct the number"
        )));
    }
    Ok(bytes)
}

fn seed() -> [u64; 2] {
    let word = || RandomState::new().build_hasher().finish();
    [word(), word()]
}

fn algorithm(name: &str) -> PyResult<Algorithm> {
    Algorithm::named(name).ok_or_else(|| {
        PyValueError::new_err(format!(
            "digest: '{name}'; allowed: {}; correct the name",
            Algorithm::NAMES
        ))
    })
}

/// Hashes under the key that Python gave; the message says nothing of the key but its length.
fn secrets(key: &Bound<'_, PyAny>) -> PyResult<Secrets> {
    const ADVICE: &str = "give the key of the site, or None";
    let (low, high) = (Secrets::MIN_KEY, Secrets::MAX_KEY);
    let bytes = key.cast::<PyBytes>().map_err(|_| {
        let kind = key.get_type();
        PyValueError::new_err(format!(
            "secret_key: {kind}; allowed: {low} to {high} bytes; {ADVICE}"
        ))
    })?;
    Secrets::under(bytes.as_bytes()).ok_or_else(|| {
        PyValueError::new_err(format!(
            "secret_key: {} bytes; allowed: {low} to {high}; {ADVICE}",
            bytes.as_bytes().len()
        ))
    })
}

fn open(
    py: Python<'_>,
    path: &Path,
    source_id: &[u8],
    options_json: &str,
    digest: Option<Algorithm>,
) -> PyResult<Runner> {
    let id: [u8; 32] = source_id.try_into().map_err(|_| {
        PyValueError::new_err(format!(
            "source_id: {} bytes; allowed: 32; give the id that sensor.identity makes",
            source_id.len()
        ))
    })?;
    let (options, mode) = options_from(py, options_json)?;
    Runner::open(path, &id, options, mode, seed(), digest).map_err(|err| {
        PyOSError::new_err((err.raw_os_error(), err.to_string(), path.to_path_buf()))
    })
}

#[pymethods]
impl Meter {
    /// Open a capture; options as JSON (see `sensor/metering.py`). With a `secret_key` the secrets of logins become hashes.
    #[new]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "Python hands over owned paths"
    )]
    #[pyo3(signature = (path, source_id, options_json="{}", digest=None, secret_key=None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        source_id: &[u8],
        options_json: &str,
        digest: Option<&str>,
        secret_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let digest = digest.map(algorithm).transpose()?;
        let secrets = secret_key.map(secrets).transpose()?;
        let mut runner = open(py, &path, source_id, options_json, digest)?;
        runner.hash_secrets(secrets.unwrap_or_default());
        Ok(Self {
            runner: Mutex::new(runner),
        })
    }

    /// Work on; returns [(table, batch), …], possibly empty, or None at the end.
    fn read(&self, py: Python<'_>) -> PyResult<Option<Vec<(&'static str, Batch)>>> {
        let batches = py
            .detach(|| lock(&self.runner).pump())
            .map_err(|err| PyRuntimeError::new_err(err.to_string()))?;
        Ok(batches.map(|all| {
            all.into_iter()
                .map(|(name, batch)| (name, Batch { batch }))
                .collect()
        }))
    }

    /// Digest of the whole file as stored, or None when none was asked for. Ends the reading.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = py.detach(|| lock(&self.runner).digest())?;
        Ok(found.map(|bytes| PyBytes::new(py, &bytes)))
    }

    /// Terms of the conservation law.
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, value) in lock(&self.runner).counters() {
            dict.set_item(name, value)?;
        }
        Ok(dict)
    }

    /// What was read: frames, bytes, times, problem, interfaces.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        info(py, &lock(&self.runner))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn info<'py>(py: Python<'py>, runner: &Runner) -> PyResult<Bound<'py, PyDict>> {
    let (seen, source) = (runner.seen(), runner.source());
    let dict = PyDict::new(py);
    dict.set_item("frames", seen.frames)?;
    dict.set_item("wire_bytes", seen.bytes)?;
    dict.set_item("bytes_read", source.bytes_read())?;
    dict.set_item("file_bytes", source.file_bytes())?;
    dict.set_item("first_ts_ns", seen.first_ts)?;
    dict.set_item("last_ts_ns", seen.last_ts)?;
    dict.set_item("problem", source.problem())?;
    dict.set_item("format", source.format())?;
    let interfaces: Vec<(String, Option<String>)> = source
        .interfaces()
        .into_iter()
        .map(|(link, name)| (format!("{link:?}"), name))
        .collect();
    dict.set_item("interfaces", interfaces)?;
    Ok(dict)
}

/// Digest of a file as stored: `sha256` or `xxh3_128`.
#[pyfunction]
#[pyo3(name = "digest")]
#[expect(
    clippy::needless_pass_by_value,
    reason = "Python hands over owned paths"
)]
fn digest_of<'py>(py: Python<'py>, path: PathBuf, name: &str) -> PyResult<Bound<'py, PyBytes>> {
    let wanted = algorithm(name)?;
    let found = py.detach(|| digest::of_file(&path, wanted))?;
    Ok(PyBytes::new(py, &found))
}

/// Meter a capture again and write exactly the frames of these flow uids; returns counts.
#[pyfunction]
#[expect(
    clippy::needless_pass_by_value,
    reason = "Python hands over owned paths"
)]
fn select<'py>(
    py: Python<'py>,
    path: PathBuf,
    source_id: &[u8],
    options_json: &str,
    uids: Vec<[u8; 16]>,
    out_path: PathBuf,
) -> PyResult<Bound<'py, PyDict>> {
    let mut runner = open(py, &path, source_id, options_json, None)?;
    runner.watch(uids.into_iter().collect::<HashSet<_>>());
    let written = py
        .detach(|| -> std::io::Result<u64> {
            let mut writer = PcapWriter::create(&out_path, &links_of(&path)?)?;
            let mut written = 0_u64;
            let mut failed = None;
            loop {
                let more = runner.pump_selected(|source, frame| {
                    if failed.is_none() {
                        let link = source.link_number(frame.interface).unwrap_or(1);
                        match writer.write(&source.frame(frame), link) {
                            Ok(()) => written += 1,
                            Err(err) => failed = Some(err),
                        }
                    }
                });
                if let Some(err) = failed.take() {
                    return Err(err);
                }
                if !more {
                    writer.finish()?;
                    return Ok(written);
                }
            }
        })
        .map_err(|err| PyOSError::new_err((err.raw_os_error(), err.to_string(), out_path)))?;
    let dict = info(py, &runner)?;
    dict.set_item("written", written)?;
    Ok(dict)
}

/// Packets to flow rows and protocol records.
#[pymodule]
fn _wire(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<Meter>()?;
    module.add_class::<Batch>()?;
    module.add_function(wrap_pyfunction!(digest_of, module)?)?;
    module.add_function(wrap_pyfunction!(select, module)?)
}
