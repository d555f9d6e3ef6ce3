# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'open3'
require 'securerandom'

module VagrantPlugins
  module Lab
    # The process and the disk behind one lab machine. It keeps nothing in memory that matters; all is in the
    # machine's data folder, which Vagrant wipes when the machine is destroyed:
    #
    #   process.json  token, pid and start time of the guest process that was started last
    #   guest.json    what that guest says of itself (GuestState in harness/config/lab-state.ts)
    #   disk/         the machine's disk
    #   snapshots/    copies of the disk
    #
    # The guest's log lies outside of it, so that it survives an `up` that failed and was rolled back.
    class Driver
      # Seconds that a guest gets to shut down; it promises 10, a loaded host takes longer.
      SHUTDOWN_SECONDS = 25

      # How many lines of its log a guest that failed shows.
      LOG_LINES = 15

      def initialize(machine)
        @machine = machine
      end

      # @return [Symbol] :not_created, :poweroff, or what the guest says: :booting, :running, :stopping
      def state
        return :not_created unless created?
        return :poweroff unless alive?

        (guest || { 'state' => 'booting' })['state'].to_sym
      end

      # What the guest that was started last says of itself, or nil when it has not said anything yet.
      def guest
        told = read('guest.json')
        told if told && told['token'] == read('process.json')&.fetch('token')
      end

      # @raise [Errors::GuestNotRunning]
      def running_guest
        return guest if state == :running

        raise Errors::GuestNotRunning, "The lab machine #{@machine.name} is not running: it is #{state}."
      end

      # Which Windows the guest plays.
      def profile
        @machine.provider_config.profile || @machine.name.to_s
      end

      # The language of a machine that is made new.
      def language
        @machine.config.sspr.language
      end

      # Starts the guest's process, unless it runs already: then the guest of an `up` that was killed is adopted.
      # @return [Boolean] whether it was started
      def start
        return false if alive?

        token = SecureRandom.hex(8)
        pid = spawn_guest(token)
        # Reaps the child, and tells for sure whether it is dead: a timer could not, on a loaded host.
        @child = Process.detach(pid)
        write('process.json', token: token, pid: pid, startTime: start_time(pid))
        true
      end

      # Whether the guest is gone for good, so that waiting for it makes no sense.
      def died?
        @child ? !@child.alive? : !alive?
      end

      # Shuts the guest down; when it does not obey in time, pulls the plug.
      def stop(seconds: SHUTDOWN_SECONDS)
        process = live_process or return
        Process.kill('TERM', process['pid'])
        deadline = now + seconds
        while alive?
          Process.kill('KILL', -process['pid']) if now > deadline
          sleep 0.05
        end
      rescue Errno::ESRCH
        # It went away by itself in the meantime.
      end

      # @return [Array<String>] oldest first
      def snapshots
        folders = folder.glob('snapshots/*').select(&:directory?)
        folders.sort_by(&:ctime).map { |snapshot| snapshot.basename.to_s }
      end

      # @raise [Errors::BadSnapshotName] when there can be no folder of that name
      def check_snapshot_name(name)
        return if name.match?(/\A[[:alnum:]_][[:alnum:]_. -]{0,199}\z/)

        raise Errors::BadSnapshotName,
              "#{name.inspect} cannot be the name of a snapshot: it must begin with a letter or digit and consist " \
              "of letters, digits, blanks, '-', '_' and '.'."
      end

      # Copies the disk. The guest must be stopped.
      def save_snapshot(name)
        copy_folder(disk, folder.join('snapshots', name))
      end

      # Puts the copy of the disk back. The guest must be stopped.
      def restore_snapshot(name)
        copy_folder(folder.join('snapshots', name), disk)
      end

      def delete_snapshot(name)
        FileUtils.rm_rf(folder.join('snapshots', name))
      end

      # Runs the block while no other Vagrant works on this machine. Vagrant's own lock is kept in VAGRANT_HOME,
      # so it does not see a Vagrant with another home.
      #
      # The lock file stands beside the data folder, which is wiped together with the machine.
      def exclusively(action)
        File.open(folder.dirname.join('lab.lock'), File::RDWR | File::CREAT) do |lock|
          unless lock.flock(File::LOCK_EX | File::LOCK_NB)
            raise Vagrant::Errors::MachineActionLockedError, action: action, name: @machine.name
          end

          yield
        end
      end

      # Begins a new log for a new machine.
      def clear_log
        FileUtils.rm_f(log_file)
      end

      # @return [String] the end of the guest's log and where the rest of it is
      def log_tail
        lines = log_file.file? ? log_file.readlines.last(LOG_LINES).map(&:scrub).join : ''
        "Its log ends with:\n#{lines}\nAll of it: #{log_file}"
      end

      private

      def folder
        @machine.data_dir
      end

      def disk
        folder.join('disk')
      end

      def log_file
        Pathname.new(@machine.provider_config.lab_folder).join('run', 'logs', "#{@machine.name}.log")
      end

      # Asks the disk, and not only @machine.id: when a machine is said not to exist, Vagrant wipes its folder,
      # and another process may have created it since this one looked.
      def created?
        !@machine.id.nil? || folder.join('id').file?
      end

      def alive?
        !live_process.nil?
      end

      def live_process
        process = guest || read('process.json')
        process if process && start_time(process['pid']) == process['startTime']
      end

      # Clock ticks between the host's boot and the process's, so that a pid that is used again is not taken for
      # it; nil when there is no such process, or only its remains.
      def start_time(pid)
        fields = File.read("/proc/#{pid}/stat").sub(/\A.*\) /m, '').split
        fields[19] unless fields[0] == 'Z'
      rescue Errno::ENOENT, Errno::ESRCH
        nil
      end

      def spawn_guest(token)
        config = @machine.provider_config
        log_file.dirname.mkpath
        log = [log_file.to_s, File::WRONLY | File::CREAT | File::APPEND, 0o600]
        Process.spawn(
          { 'LC_ALL' => 'C.UTF-8', 'LANG' => nil, 'LANGUAGE' => nil },
          config.node, '--import', 'tsx', config.guest,
          '--data', folder.to_s, '--token', token, '--name', @machine.name.to_s,
          '--profile', profile, '--language', language,
          chdir: REPOSITORY, in: File::NULL, out: log, err: log, pgroup: true, close_others: true
        )
      end

      # Replaces the folder `to` by a copy of `from`; a copy cut short never gets that name.
      def copy_folder(from, to)
        from.mkpath
        to.dirname.mkpath
        partial = to.dirname.join(".#{to.basename}.partial")
        FileUtils.rm_rf(partial)
        output, status = Open3.capture2e('cp', '--archive', '--reflink=auto', from.to_s, partial.to_s)
        raise "could not copy #{from}: #{output}" unless status.success?

        FileUtils.rm_rf(to)
        partial.rename(to)
      end

      def read(name)
        JSON.parse(folder.join(name).read)
      rescue Errno::ENOENT
        nil
      end

      def write(name, content)
        partial = folder.join(".#{name}.partial")
        partial.write(JSON.generate(content), perm: 0o600)
        partial.rename(folder.join(name))
      end

      def now
        Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end
