# frozen_string_literal: true

module VagrantPlugins
  module Lab
    # Prints where a machine can be reached: `vagrant cap provider endpoints --target-guest=win7`, for every
    # provider of the Vagrantfile. Passwords are not printed; `vagrant winrm-config` does that.
    module Endpoints
      def self.endpoints(machine)
        winrm = CommunicatorWinRM::Helper.winrm_info(machine)
        vnc = vnc_info(machine)
        report(machine, 'winrm', winrm)
        report(machine, 'vnc', vnc) if vnc
      end

      # The lab's consoles listen where they can, those of the others where the Vagrantfile says.
      def self.vnc_info(machine)
        return machine.provider.capability(:vnc_info) if machine.provider.capability?(:vnc_info)

        port = machine.config.sspr.vnc_port
        { host: '127.0.0.1', port: port } if port && machine.provider_name != :hyperv
      end

      def self.report(machine, kind, address)
        machine.ui.machine('sspr-endpoint', kind, address[:host], address[:port])
        machine.ui.detail("#{kind} #{address[:host]}:#{address[:port]}")
      end
      private_class_method :report
    end

    # What Vagrant's own commands ask a lab machine for.
    module Capabilities
      def self.winrm_info(machine)
        guest = machine.provider.driver.running_guest
        # The account is made anew with each machine, so no Vagrantfile can know it.
        machine.config.winrm.username = guest['winrm']['user']
        machine.config.winrm.password = guest['winrm']['password']
        { host: guest['host'], port: guest['winrm']['port'] }
      end

      def self.vnc_info(machine)
        guest = machine.provider.driver.running_guest
        { host: guest['host'], port: guest['vnc']['port'] }
      end

      # For `vagrant port`: port of the host => port of a real machine
      def self.forwarded_ports(machine)
        return {} unless machine.provider.driver.state == :running

        { winrm_info(machine)[:port] => 5985, vnc_info(machine)[:port] => 5900 }
      end

      def self.snapshot_list(machine)
        machine.provider.driver.snapshots
      end
    end
  end
end
