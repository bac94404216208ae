package io.rawcow.nbd.server;

import io.rawcow.block.BlockException;
import io.rawcow.nbd.CommandFlags;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdLimits;
import io.rawcow.nbd.NbdProtocolException;
import io.rawcow.nbd.NbdRequest;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One of the threads that serve a connection. It reads a request, does what the request asks and answers it itself:
 * handing requests from thread to thread costs more than most of them do.
 */
final class Worker implements Runnable {
    private static final Logger LOG = System.getLogger(Worker.class.getName());

    /** A payload that is refused is read up to this length; what comes with a longer one is cut off. */
    private static final long MOST_SKIPPED_BYTES = 4L * NbdLimits.MAX_PAYLOAD_BYTES;

    private final Session session;
    private final Lead lead;
    private final RequestReader reader;
    private final Outgoing out;
    private final Commands commands;
    private volatile @Nullable Thread thread;

    Worker(Session session) {
        this.session = session;
        this.lead = session.lead();
        this.reader = session.reader();
        this.out = new Outgoing(session);
        this.commands = new Commands(session, out);
    }

    /** Null until it runs. */
    @Nullable
    Thread thread() {
        return thread;
    }

    Outgoing outgoing() {
        return out;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try {
            while (lead.await(this)) {
                sendForOthers();
                lead();
            }
        } catch (IOException | RuntimeException | Error e) {
            session.broken(e);
        } finally {
            try {
                out.close();
            } finally {
                session.left();
            }
        }
    }

    private void sendForOthers() throws IOException {
        for (Outgoing unsent = lead.takeUnsent(); unsent != null; unsent = lead.takeUnsent()) {
            unsent.sendReady();
        }
    }

    /** Reads requests and carries them out until somebody else leads. */
    private void lead() throws IOException {
        boolean leads = true;
        try {
            while (leads) {
                if (!reader.hasNext()) {
                    out.flush();
                }
                NbdRequest request = reader.next();
                if (request == null || request.is(NbdCommand.DISC) || session.isStopping()) {
                    break;
                }
                leads = serve(request);
            }
        } catch (EOFException e) {
            // In the middle of a request: what came before it is answered none the less.
            LOG.log(Level.DEBUG, "connection ended", e);
        }
        if (leads) {
            out.flush();
            lead.end();
        }
    }

    /** @return whether this worker leads still */
    private boolean serve(NbdRequest request) throws IOException {
        session.begin();
        long began = System.nanoTime();
        long payload = session.rules().payloadBytes(request);
        Fault fault = session.rules().faultOf(request);
        if (fault != null) {
            skip(payload);
            out.addError(request, fault);
            session.answered(request, began, fault.error());
            return true;
        }
        if (isSmall(request) && session.isFast() && lead.hasSpare()) {
            return keepLead(request, began);
        }
        out.flush();
        commands.carryOut(request, began);
        if (lead.isLedBy(this)) {
            throw new IllegalStateException("the lead was not passed on: command=" + request.type());
        }
        out.flush();
        return false;
    }

    private void skip(long payload) throws IOException {
        if (payload != 0) {
            out.flush();
            if (payload > MOST_SKIPPED_BYTES) {
                throw new NbdProtocolException("payload too long: bytes=" + payload);
            }
            reader.skip(payload, out.memory().dataBytes(0, out.memory().capacity()));
        }
    }

    private static boolean isSmall(NbdRequest request) {
        return request.length() <= Session.SMALL_BYTES
                && request.length() > 0
                && (request.is(NbdCommand.READ) || (request.is(NbdCommand.WRITE) && !request.has(CommandFlags.FUA)));
    }

    private boolean keepLead(NbdRequest request, long began) throws IOException {
        int length = (int) request.length();
        out.reserve(length);
        boolean write = request.is(NbdCommand.WRITE);
        if (write) {
            if (!reader.holds(length)) {
                out.flush();
            }
            reader.payload(out.dataBytes(length));
        }
        MemorySegment data = out.data(length);
        Exception trouble = null;
        long since = System.nanoTime();
        lead.keep(since);
        try {
            if (write) {
                session.device().write(request.offset(), data);
            } else {
                session.device().read(request.offset(), data);
            }
        } catch (BlockException | RuntimeException e) {
            trouble = e;
        }
        boolean leads = lead.isKept(since);
        session.noteService(length, System.nanoTime() - since);
        if (trouble != null) {
            session.answered(request, began, commands.refuse(request, trouble));
        } else {
            if (write) {
                out.addDone(request);
            } else {
                out.addData(request, length);
            }
            session.answered(request, began, null);
        }
        if (!leads) {
            out.flush();
        }
        return leads;
    }
}
